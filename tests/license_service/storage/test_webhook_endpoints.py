"""Changes of a webhook endpoint that meet each other, or an event."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from license_service.domain.errors import EndpointNotFoundError, StaleVersionError
from license_service.domain.event import EventKind, event_body
from license_service.domain.page import EVERYTHING
from license_service.domain.webhook import SealedSecrets
from license_service.storage import events, webhook_endpoints
from license_service.storage.tables import webhook_deliveries
from tests.doubles.event_listener import listen

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from database.engine import Database
    from license_service.domain.webhook import WebhookEndpoint

NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)


def rename(connection: Connection, endpoint: WebhookEndpoint) -> None:
    webhook_endpoints.change(connection, endpoint, replace(endpoint, description="renamed"), NOW)


def rotate(connection: Connection, endpoint: WebhookEndpoint) -> None:
    webhook_endpoints.put_secrets(connection, endpoint, SealedSecrets("another"))


@pytest.mark.parametrize("late", [rename, rotate, webhook_endpoints.remove])
def test_of_two_who_saw_the_same_version_the_second_changes_nothing(
    any_database: Database, late: Callable[[Connection, WebhookEndpoint], None]
) -> None:
    listen(any_database)
    with any_database.transaction() as connection:
        seen = webhook_endpoints.found(connection, "one")
        rename(connection, seen)

    with pytest.raises(StaleVersionError) as refused, any_database.transaction() as connection:
        late(connection, seen)

    assert refused.value.version == 2
    with any_database.reading() as connection:
        left = webhook_endpoints.found(connection, "one")
    assert (left.description, left.secrets.present, left.version) == ("renamed", "sealed", 2)


def test_a_failure_of_an_endpoint_that_is_gone_is_nobody_s(any_database: Database) -> None:
    with any_database.transaction() as connection:
        webhook_endpoints.note_failure(connection, "one", NOW)
        assert webhook_endpoints.listed(connection, EVERYTHING) == []


def test_an_endpoint_that_is_deleted_at_the_same_instant_fails_no_change(
    any_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The deletion comes between the look at the endpoints and the rows for them, and has to wait."""
    listen(any_database)

    def delete() -> None:
        with any_database.transaction() as connection:
            webhook_endpoints.remove(connection, webhook_endpoints.found(connection, "one"))

    deleting = threading.Thread(target=delete)

    def body(*kind: Any, **said: Any) -> str:
        deleting.start()
        deleting.join(0.3)
        return event_body(*kind, **said)

    monkeypatch.setattr(events, "event_body", body)
    with any_database.transaction() as connection:
        told = {"organization_id": "o", "subject_id": "d", "data": {}}
        events.record_event(connection, kind=EventKind.SEAT_CLAIMED, **told, now=NOW)
    deleting.join()

    with any_database.reading() as connection:
        assert connection.execute(select(webhook_deliveries)).all() == []
        with pytest.raises(EndpointNotFoundError):
            webhook_endpoints.found(connection, "one")
