"""Every kind of tampering with the audit trail is found (T66)."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import delete, insert, text, update
from sqlalchemy.event import listen

from auth_service.actions.verify_audit_trail import verify_audit_trail
from auth_service.domain.audit_event import (
    FIRST_PREVIOUS_HASH,
    AuditEvent,
    AuditEventName,
    ChainedEvent,
    chain_event,
)
from auth_service.domain.errors import AuditTrailBrokenError
from auth_service.storage.audit_trail import BATCH, append_event, lock_trail, walk_events
from auth_service.storage.tables import audit_events, audit_head
from database.engine import Database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection

COUNT = 9
COLUMNS = audit_events.c


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    append(database, COUNT)
    yield database
    database.close()


def append(database: Database, count: int) -> None:
    with database.transaction() as connection:
        for number in range(count):
            details = {"number": number}
            append_event(
                connection, AuditEvent(AuditEventName.SIGNED_IN, datetime(2026, 3, 1, tzinfo=UTC), details=details)
            )


def events_of(connection: Connection) -> list[ChainedEvent]:
    return list(walk_events(connection))


def move(connection: Connection, old: int, new: int) -> None:
    connection.execute(update(audit_events).where(COLUMNS.sequence == old).values(sequence=new))


def alter(connection: Connection) -> None:
    connection.execute(update(audit_events).where(COLUMNS.sequence == 4).values(details='{"number":99}'))


def alter_a_blank(connection: Connection) -> None:
    connection.execute(update(audit_events).where(COLUMNS.sequence == 4).values(details='{"number": 3}'))


def alter_the_instant(connection: Connection) -> None:
    connection.execute(
        update(audit_events).where(COLUMNS.sequence == 4).values(happened_at=datetime(2026, 3, 2, tzinfo=UTC))
    )


def alter_and_hash_again(connection: Connection) -> None:
    event = replace(events_of(connection)[3], details='{"number":99}')
    event = replace(event, hash=event.computed_hash())
    connection.execute(update(audit_events).where(COLUMNS.sequence == 4).values(details=event.details, hash=event.hash))


def remove(connection: Connection) -> None:
    connection.execute(delete(audit_events).where(COLUMNS.sequence == 4))


def remove_and_close_the_gap(connection: Connection) -> None:
    remove(connection)
    for sequence in range(5, COUNT + 1):
        move(connection, sequence, sequence - 1)
    connection.execute(update(audit_head).values(sequence=COUNT - 1))


def remove_the_first(connection: Connection) -> None:
    connection.execute(delete(audit_events).where(COLUMNS.sequence == 1))


def insert_between(connection: Connection) -> None:
    for sequence in range(COUNT, 3, -1):
        move(connection, sequence, sequence + 1)
    before = events_of(connection)[2]
    forged = AuditEvent(AuditEventName.SIGNED_IN, before.happened_at)
    row = asdict(chain_event(forged, sequence=4, previous_hash=before.hash))
    connection.execute(insert(audit_events), row)
    connection.execute(update(audit_head).values(sequence=COUNT + 1))


def insert_before_all(connection: Connection) -> None:
    forged = AuditEvent(AuditEventName.SIGNED_IN, datetime(2026, 3, 1, tzinfo=UTC))
    connection.execute(insert(audit_events), asdict(chain_event(forged, sequence=0, previous_hash=FIRST_PREVIOUS_HASH)))


def insert_behind_the_head(connection: Connection) -> None:
    last = events_of(connection)[-1]
    forged = AuditEvent(AuditEventName.SIGNED_IN, last.happened_at)
    connection.execute(insert(audit_events), asdict(chain_event(forged, sequence=COUNT + 1, previous_hash=last.hash)))


def reorder(connection: Connection) -> None:
    move(connection, 4, -4)
    move(connection, 5, 4)
    move(connection, -4, 5)


def cut_off_the_tail(connection: Connection) -> None:
    connection.execute(delete(audit_events).where(COLUMNS.sequence > 6))


def remove_all(connection: Connection) -> None:
    connection.execute(delete(audit_events))


def turn_the_head_back(connection: Connection) -> None:
    connection.execute(update(audit_head).values(sequence=6))


@pytest.mark.parametrize(
    ("tamper", "says"),
    [
        (alter, "event 4: it was altered"),
        (alter_a_blank, "event 4: it was altered"),
        (alter_the_instant, "event 4: it was altered"),
        (alter_and_hash_again, "event 5: it does not follow"),
        (remove, "event 4: it is missing"),
        (remove_and_close_the_gap, "event 4: it does not follow"),
        (remove_the_first, "event 1: it is missing"),
        (insert_between, "event 5: it does not follow"),
        (insert_before_all, "event 0: it was inserted"),
        (insert_behind_the_head, "event 10: it was inserted behind the head"),
        (reorder, "event 4: it does not follow"),
        (cut_off_the_tail, "event 7: it is missing: the end was cut off"),
        (remove_all, "event 1: it is missing: the end was cut off"),
        (turn_the_head_back, "event 6: it is not the one that the head names"),
    ],
)
def test_tampering_is_found_at_its_first_place(
    database: Database, tamper: Callable[[Connection], None], says: str
) -> None:
    """T66."""
    with database.transaction() as connection:
        tamper(connection)

    with pytest.raises(AuditTrailBrokenError, match=says):
        verify_audit_trail(database)


@pytest.mark.parametrize("column", ["happened_at", "event", "details", "client_id"])
def test_bytes_and_nonsense_in_a_column_are_found_too(database: Database, column: str) -> None:
    """T66: SQLite keeps whatever is put into a column."""
    if database.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL's columns take their own type only")
    with database.transaction() as connection:
        connection.execute(text(f"UPDATE audit_events SET {column} = x'ff00' WHERE sequence = 4"))

    with pytest.raises(AuditTrailBrokenError, match="event 4: it was altered"):
        verify_audit_trail(database)


def test_a_text_that_became_bytes_is_found_too(database: Database) -> None:
    """T66: also where they are the same signs."""
    if database.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL's columns take their own type only")
    with database.transaction() as connection:
        connection.execute(text("UPDATE audit_events SET details = CAST(details AS BLOB) WHERE sequence = 4"))

    with pytest.raises(AuditTrailBrokenError, match="event 4: it was altered"):
        verify_audit_trail(database)


def test_a_removed_head_is_found(database: Database) -> None:
    with database.transaction() as connection:
        connection.execute(delete(audit_head))

    with pytest.raises(AuditTrailBrokenError, match="has no head"):
        verify_audit_trail(database)


def rewrite(database: Database) -> None:
    """Make another whole trail of the same length, as someone who may write to every table can."""
    with database.transaction() as connection:
        connection.execute(delete(audit_events))
        connection.execute(update(audit_head).values(sequence=0, hash=FIRST_PREVIOUS_HASH))
        for _ in range(COUNT):
            append_event(connection, AuditEvent(AuditEventName.SIGNED_IN, datetime(2026, 3, 1, tzinfo=UTC)))


def test_a_rewritten_trail_lacks_the_hash_that_was_noted_elsewhere(database: Database) -> None:
    """T66: the chain alone cannot show it."""
    noted = verify_audit_trail(database).head
    rewrite(database)

    assert verify_audit_trail(database).events == COUNT
    with pytest.raises(AuditTrailBrokenError, match="No event has the noted hash"):
        verify_audit_trail(database, noted_head=noted)


def test_a_noted_head_is_found_although_the_trail_has_grown(database: Database) -> None:
    noted = verify_audit_trail(database).head
    append(database, 3)

    found = verify_audit_trail(database, noted_head=noted)

    assert found.events == COUNT + 3
    assert found.head != noted


def test_an_empty_trail_is_whole(database: Database) -> None:
    with database.transaction() as connection:
        connection.execute(delete(audit_events))
        connection.execute(update(audit_head).values(sequence=0, hash=FIRST_PREVIOUS_HASH))

    assert verify_audit_trail(database).head == FIRST_PREVIOUS_HASH


def test_a_writer_may_append_while_the_trail_is_verified(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Head and newest event are of one moment; what comes later is no fault."""
    seen: list[int] = []
    computed = ChainedEvent.computed_hash

    def computed_while_others_write(event: ChainedEvent) -> str:
        if not seen:
            seen.append(event.sequence)
            append(database, 2)
        return computed(event)

    monkeypatch.setattr(ChainedEvent, "computed_hash", computed_while_others_write)

    assert verify_audit_trail(database).events == COUNT
    monkeypatch.undo()
    assert verify_audit_trail(database).events == COUNT + 2


def fill(database: Database, count: int) -> None:
    """Append as append_event does, but many at once."""
    with database.transaction() as connection:
        last = lock_trail(connection)
        rows, previous_hash = [], last.hash
        for sequence in range(last.sequence + 1, last.sequence + 1 + count):
            event = AuditEvent(AuditEventName.SIGNED_IN, datetime(2026, 3, 1, tzinfo=UTC))
            placed = chain_event(event, sequence=sequence, previous_hash=previous_hash)
            rows.append(asdict(placed))
            previous_hash = placed.hash
        connection.execute(insert(audit_events), rows)
        connection.execute(update(audit_head).values(sequence=last.sequence + count, hash=previous_hash))


def test_a_long_trail_is_read_in_batches(database: Database) -> None:
    """So it takes no more memory than a short one."""
    fill(database, 3 * BATCH)
    asked: list[str] = []

    def note(*called: Any) -> None:
        asked.append(called[2])

    listen(database.engine, "before_cursor_execute", note)
    # A connection that is open already tells nobody.
    database.close()

    assert verify_audit_trail(database).events == COUNT + 3 * BATCH
    assert len([statement for statement in asked if "LIMIT" in statement]) == 4
