"""What happened is noted in the transaction of the change, for those that ask for it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from license_service.domain.event import EventKind
from license_service.domain.webhook import DisabledReason
from license_service.storage import webhook_endpoints
from license_service.storage.events import record_event
from license_service.storage.tables import webhook_deliveries, webhook_events
from tests.doubles.event_listener import listen

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

    from database.engine import Database

NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11"
DEVICE = "5d1c9f3e-8a52-4e0c-9a76-000000000001"


def claimed(connection: Connection) -> None:
    record_event(
        connection,
        kind=EventKind.SEAT_CLAIMED,
        organization_id=ORGANIZATION,
        subject_id=DEVICE,
        data={"component_code": "xms"},
        now=NOW,
    )


def noted(database: Database) -> list[Row[tuple[str, str]]]:
    query = select(webhook_deliveries.c.endpoint_id, webhook_events.c.body).join(webhook_events)
    with database.reading() as connection:
        return list(connection.execute(query.order_by(webhook_deliveries.c.endpoint_id)))


def test_an_event_is_due_at_once_at_each_endpoint_that_asks_for_its_kind(any_database: Database) -> None:
    listen(any_database, EventKind.SEAT_CLAIMED, EventKind.SEAT_OVER, endpoint_id="one")
    listen(any_database, EventKind.LICENSE_RENEWED, endpoint_id="two")
    listen(any_database, EventKind.SEAT_CLAIMED, endpoint_id="three")

    with any_database.transaction() as connection:
        claimed(connection)

    rows = noted(any_database)
    assert [row.endpoint_id for row in rows] == ["one", "three"]
    assert [json.loads(row.body) for row in rows] == [
        {
            "type": "seat.claimed",
            "timestamp": "2026-06-01T09:00:00+00:00",
            "data": {"organization_id": ORGANIZATION, "device_id": DEVICE, "component_code": "xms"},
        }
    ] * 2


def test_an_event_of_a_change_that_is_undone_is_undone(any_database: Database) -> None:
    """F33: the outbox is written with the change, and no other way."""
    listen(any_database, EventKind.SEAT_CLAIMED, endpoint_id="one")

    def claim_in_vain() -> None:
        with any_database.transaction() as connection:
            claimed(connection)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        claim_in_vain()

    assert noted(any_database) == []


def test_what_nobody_asks_for_is_not_kept(any_database: Database) -> None:
    listen(any_database, EventKind.LICENSE_RENEWED, endpoint_id="one")
    listen(any_database, EventKind.SEAT_CLAIMED, endpoint_id="two")

    with any_database.transaction() as connection:
        webhook_endpoints.disable(connection, "two", DisabledReason.GONE, NOW)
        claimed(connection)

    with any_database.reading() as connection:
        assert connection.execute(select(webhook_events)).all() == []


@pytest.mark.parametrize(
    ("kind", "subject"),
    [(kind, "license_key_id" if kind.startswith("license.") else "device_id") for kind in EventKind],
)
def test_each_kind_names_what_it_happened_to(any_database: Database, kind: EventKind, subject: str) -> None:
    listen(any_database, kind)

    with any_database.transaction() as connection:
        record_event(connection, kind=kind, organization_id=ORGANIZATION, subject_id=DEVICE, data={}, now=NOW)

    [row] = noted(any_database)
    assert json.loads(row.body)["data"] == {"organization_id": ORGANIZATION, subject: DEVICE}
