"""The audit trail: events are appended, never changed (T66).

An event is written in the transaction of the change it tells about, as the last thing in it. The head's row is locked
by then until the commit: so concurrent writers take turns and the chain never forks, nobody who holds the head waits
for another lock, and turns are short. The statements are built once: redeeming a code comes through here.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, bindparam, func, insert, literal_column, select, true, update

from auth_service.domain.audit_event import ChainedEvent, chain_event
from auth_service.storage.tables import audit_events, audit_head
from database.engine import after_commit
from database.hot_statement import HotStatement
from wire.serving.logs import ReadyLine

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, Row

    from auth_service.domain.audit_event import AuditEvent, AuditEventName

BATCH: Final = 500
_BEFORE_ALL: Final = -(2**31)
"""A row below sequence 1 was not written by us, but it must be seen."""

_log = logging.getLogger("auth_service.audit")

_COLUMNS: Final = tuple(column.name for column in audit_events.c)
_LOCK_HEAD = HotStatement(
    select(audit_head.c.sequence, audit_head.c.hash).where(audit_head.c.id == 1).with_for_update()
)
_ADD = HotStatement(insert(audit_events))
_move_head = (
    update(audit_head)
    .where(audit_head.c.id == 1, audit_head.c.sequence == bindparam("last"))
    .values(sequence=bindparam("next"), hash=bindparam("next_hash"))
)
_MOVE_HEAD = HotStatement(_move_head)
# One way to the server instead of two, while others wait for the head. SQLite has no such statement, and no way.
_ADD_AND_MOVE_HEAD = HotStatement(
    _move_head.add_cte(
        insert(audit_events)
        .values({column: bindparam(f"event_{column.name}") for column in audit_events.c})
        .cte("added")
    )
)
_NEWEST = select(audit_events).order_by(audit_events.c.sequence.desc()).limit(1)
_EXTENT = select(
    audit_head.c.sequence, audit_head.c.hash, select(func.max(audit_events.c.sequence)).scalar_subquery()
).where(audit_head.c.id == 1)


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events are asked for; all that is given must fit."""

    since: datetime | None = None
    event: AuditEventName | None = None
    organization_id: str | None = None
    device_id: str | None = None


@dataclass(frozen=True, slots=True)
class TrailExtent:
    """How far the trail reaches: by its head, and by its newest row. They agree unless somebody changed it."""

    sequence: int
    hash: str
    newest_sequence: int


def append_event(connection: Connection, event: AuditEvent) -> ChainedEvent:
    """Append one event, and log it once it is committed. Let it be the last that the transaction does."""
    (placed,) = append_events(connection, [event])
    return placed


def append_events(connection: Connection, events: Sequence[AuditEvent]) -> list[ChainedEvent]:
    """Append events, in this order, while the head moves once; else as append_event."""
    if not events:
        return []
    last = lock_trail(connection)
    chain = list(_chained(events, last))
    for placed in chain[:-1]:
        _ADD.run(connection, _row(placed))
    if _add_and_move_head(connection, chain[-1], last) != 1:
        raise RuntimeError("The head of the audit trail moved while it was locked.")
    after_commit(connection, lambda: _log_events(chain))
    return chain


def lock_trail(connection: Connection) -> TrailExtent:
    """Hold the trail's head until the transaction ends, so that nobody else appends, and give it."""
    head = _LOCK_HEAD.run(connection, {}).one()
    return TrailExtent(sequence=head.sequence, hash=head.hash, newest_sequence=head.sequence)


def read_extent(connection: Connection) -> TrailExtent | None:
    """Give head and newest row as they are at one moment; None when there is no head."""
    found = connection.execute(_EXTENT).one_or_none()
    return None if found is None else TrailExtent(found[0], found[1], found[2] or 0)


def newest_event(connection: Connection, name: AuditEventName) -> ChainedEvent | None:
    """Give the newest event of this name."""
    # The name as a constant: only so does a database see that it has an index of such events.
    found = connection.execute(_NEWEST.where(audit_events.c.event == literal_column(f"'{name.value}'"))).one_or_none()
    return None if found is None else _read(found)


def list_events(
    connection: Connection, wanted: EventFilter, *, limit: int, before: int | None = None
) -> list[ChainedEvent]:
    """Give the newest `limit` events that fit, below the sequence `before`; newest last."""
    below = true() if before is None else audit_events.c.sequence < before
    page = select(audit_events).where(_fits(wanted), below).order_by(audit_events.c.sequence.desc()).limit(limit)
    return [_read(row) for row in connection.execute(page)][::-1]


def walk_events(
    connection: Connection, wanted: EventFilter | None = None, *, batch: int = BATCH
) -> Iterator[ChainedEvent]:
    """Give every event that fits, oldest first, in memory for one batch.

    Raises TypeError or ValueError where a row holds no instant, which only a hand can have put there.
    """
    next_batch = (
        select(audit_events)
        .where(_fits(wanted or EventFilter()), audit_events.c.sequence > bindparam("after"))
        .order_by(audit_events.c.sequence)
        .limit(batch)
    )
    after, count = _BEFORE_ALL, batch
    while count == batch:
        count = 0
        for row in connection.execute(next_batch, {"after": after}):
            yield _read(row)
            after, count = row.sequence, count + 1


def _chained(events: Sequence[AuditEvent], last: TrailExtent) -> Iterator[ChainedEvent]:
    previous_hash = last.hash
    for sequence, event in enumerate(events, start=last.sequence + 1):
        placed = chain_event(event, sequence=sequence, previous_hash=previous_hash)
        previous_hash = placed.hash
        yield placed


def _add_and_move_head(connection: Connection, placed: ChainedEvent, last: TrailExtent) -> int:
    """Add the newest event, and give how many heads moved to it."""
    row = _row(placed)
    move = {"last": last.sequence, "next": placed.sequence, "next_hash": placed.hash}
    if connection.dialect.name == "postgresql":
        return _ADD_AND_MOVE_HEAD.run(connection, {**move, **{f"event_{name}": row[name] for name in row}}).rowcount
    _ADD.run(connection, row)
    return _MOVE_HEAD.run(connection, move).rowcount


def _row(placed: ChainedEvent) -> dict[str, Any]:
    return {column: getattr(placed, column) for column in _COLUMNS}


def _log_events(chain: Sequence[ChainedEvent]) -> None:
    for placed in chain:
        _log.info(ReadyLine("audit", {"audit": placed.as_members()}))


def _fits(wanted: EventFilter) -> ColumnElement[bool]:
    columns = audit_events.c
    parts = (
        None if wanted.since is None else columns.happened_at >= wanted.since,
        None if wanted.event is None else columns.event == wanted.event.value,
        None if wanted.organization_id is None else columns.organization_id == wanted.organization_id,
        None if wanted.device_id is None else columns.device_id == wanted.device_id,
    )
    return and_(true(), *(part for part in parts if part is not None))


def _read(row: Row[*tuple[Any, ...]]) -> ChainedEvent:
    return ChainedEvent(**row._mapping)  # noqa: SLF001 - SQLAlchemy's own name for it, and public
