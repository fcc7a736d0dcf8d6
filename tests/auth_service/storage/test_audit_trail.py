"""Appending to the audit trail and reading it, on both databases (T66)."""

from __future__ import annotations

import json
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy.event import listen

from auth_service.actions.verify_audit_trail import verify_audit_trail
from auth_service.domain.audit_event import FIRST_PREVIOUS_HASH, AuditEvent, AuditEventName
from auth_service.storage.audit_trail import (
    EventFilter,
    append_event,
    append_events,
    list_events,
    newest_event,
    read_extent,
    walk_events,
)
from database.engine import Database
from tests.auth_service.actions.conftest import database_url  # noqa: F401 - a fixture is used by name
from wire.serving.logs import ReadyLine

if TYPE_CHECKING:
    from collections.abc import Iterator

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
EVENT = AuditEvent(AuditEventName.SIGNED_IN, NOON, operator_id="operator", details={"address": "192.0.2.1"})


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:  # noqa: F811 - the fixture above
    database = Database(database_url)
    yield database
    database.close()


def append(database: Database, *events: AuditEvent) -> None:
    for event in events:
        with database.transaction() as connection:
            append_event(connection, event)


def test_every_event_names_the_hash_of_the_one_before(database: Database) -> None:
    append(database, *[EVENT] * 3)

    with database.reading() as connection:
        first, second, third = walk_events(connection)
        extent = read_extent(connection)
    assert [first.sequence, second.sequence, third.sequence] == [1, 2, 3]
    assert [first.previous_hash, second.previous_hash, third.previous_hash] == [
        FIRST_PREVIOUS_HASH,
        first.hash,
        second.hash,
    ]
    assert extent is not None
    assert (extent.sequence, extent.hash, extent.newest_sequence) == (3, third.hash, 3)


def test_what_is_read_is_what_was_hashed(database: Database) -> None:
    """Also the microseconds, on both databases."""
    happened_at = NOON + timedelta(microseconds=123_456)
    append(database, replace(EVENT, happened_at=happened_at, details={"name": "Käse 東京 🙂\n", "tags": ("a",)}))

    with database.reading() as connection:
        [event] = walk_events(connection)
    assert event.happened_at == happened_at
    assert event.hash == event.computed_hash()
    assert json.loads(event.details) == {"name": "Käse 東京 🙂\N{REPLACEMENT CHARACTER}", "tags": ["a"]}


def test_64_writers_at_once_make_one_unbroken_chain(database: Database) -> None:
    """T66: they take turns at the head; none is lost, none forks."""

    def write(number: int) -> None:
        append(database, replace(EVENT, details={"number": number}))

    with ThreadPoolExecutor(64) as pool:
        list(pool.map(write, range(192)))

    assert verify_audit_trail(database).events == 192
    with database.reading() as connection:
        assert {json.loads(event.details)["number"] for event in walk_events(connection)} == set(range(192))


def test_events_of_one_change_follow_each_other(database: Database) -> None:
    append(database, EVENT)
    with database.transaction() as connection:
        placed = append_events(connection, [EVENT] * 3)

    assert [event.sequence for event in placed] == [2, 3, 4]
    assert verify_audit_trail(database).events == 4
    with database.reading() as connection:
        assert list(walk_events(connection))[1:] == placed


def test_a_change_without_events_leaves_the_trail_as_it_is(database: Database) -> None:
    with database.transaction() as connection:
        assert append_events(connection, []) == []

    assert verify_audit_trail(database).events == 0


def told(line: logging.LogRecord) -> dict[str, Any]:
    """Give the event that a line of the log holds."""
    assert isinstance(line.msg, ReadyLine)
    event: dict[str, Any] = dict(line.msg.members)["audit"]  # type: ignore[assignment]
    return event


def test_an_event_goes_with_the_change_that_is_undone(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    """It leaves no gap, and no line in the log."""
    caplog.set_level(logging.INFO, "auth_service.audit")

    def change_that_fails() -> None:
        with database.transaction() as connection:
            append_event(connection, EVENT)
            raise LookupError

    append(database, EVENT)
    with pytest.raises(LookupError):
        change_that_fails()
    append(database, EVENT)

    assert verify_audit_trail(database).events == 2
    assert [told(line)["sequence"] for line in caplog.records] == [1, 2]


def test_the_log_has_each_event_with_its_hash_once_it_is_committed(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    """T66: a collector outside holds a second copy."""
    caplog.set_level(logging.INFO, "auth_service.audit")
    with database.transaction() as connection:
        placed = append_event(connection, EVENT)
        assert caplog.records == []

    [line] = caplog.records
    assert told(line) == json.loads(placed.as_line())


def test_pages_go_back_from_the_newest(database: Database) -> None:
    append(database, *[EVENT] * 7)

    with database.reading() as connection:
        newest = list_events(connection, EventFilter(), limit=3)
        older = list_events(connection, EventFilter(), limit=3, before=newest[0].sequence)
    assert [event.sequence for event in (*older, *newest)] == [2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize(
    ("wanted", "sequences"),
    [
        (EventFilter(), [1, 2, 3]),
        (EventFilter(since=NOON + timedelta(hours=1)), [2, 3]),
        (EventFilter(event=AuditEventName.GRANT_ENDED), [2]),
        (EventFilter(organization_id="bakery"), [2, 3]),
        (EventFilter(device_id="till"), [3]),
        (EventFilter(organization_id="butcher", device_id="till"), []),
    ],
)
def test_filters_narrow(database: Database, wanted: EventFilter, sequences: list[int]) -> None:
    """T44: of an organization only its own events are given."""
    later = replace(EVENT, happened_at=NOON + timedelta(hours=1), organization_id="bakery")
    append(database, EVENT, replace(later, name=AuditEventName.GRANT_ENDED), replace(later, device_id="till"))

    with database.reading() as connection:
        assert [event.sequence for event in list_events(connection, wanted, limit=10)] == sequences
        assert [event.sequence for event in walk_events(connection, wanted, batch=2)] == sequences


def test_the_newest_change_of_settings_is_found_among_all_else(database: Database) -> None:
    """Every start asks for it."""
    changed = replace(EVENT, name=AuditEventName.SETTINGS_CHANGED, happened_at=NOON + timedelta(hours=1))
    append(database, replace(changed, happened_at=NOON), changed, EVENT)

    with database.reading() as connection:
        newest = newest_event(connection, AuditEventName.SETTINGS_CHANGED)
        missing = newest_event(connection, AuditEventName.KEY_REVOKED)

    assert newest is not None
    assert (newest.sequence, newest.happened_at) == (2, changed.happened_at)
    assert missing is None


def test_the_newest_change_of_settings_is_found_by_its_index(database: Database) -> None:
    """The trail of years is not read for it."""
    if database.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL chooses by its statistics")
    asked: list[str] = []
    listen(database.engine, "before_cursor_execute", lambda *called: asked.append(called[2]))

    with database.reading() as connection:
        newest_event(connection, AuditEventName.SETTINGS_CHANGED)
        (plan,) = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked[0]}", (1, 0)).all()

    assert "ix_audit_events_settings_changed" in plan[3]
