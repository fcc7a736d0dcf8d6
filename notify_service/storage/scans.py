"""The rows of `scans`: when each run of the calendar is due again, and whether one is under way.

One conditional statement takes a run, so that two beats, or a worker that is slow, never run the same twice at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import exists, select, update

from notify_service.storage.tables import scans
from notify_service.storage.write_once import write_once

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

_row = scans.c
_other = scans.alias("others").c


@dataclass(frozen=True, slots=True)
class Scan:
    """How a run of the calendar stands; `fault` is why the last one did not do all of its work."""

    id: str
    due_at: datetime
    lease_until: datetime | None
    finished_at: datetime | None
    fault: str | None


def is_due(connection: Connection, name: str, now: datetime) -> bool:
    """Tell whether a run may be taken, without taking it."""
    found = connection.execute(select(_row.due_at, _row.lease_until).where(_row.id == name)).one_or_none()
    if found is None:
        return True
    return found.due_at <= now and (found.lease_until is None or found.lease_until <= now)


def take(connection: Connection, name: str, *, now: datetime, lease_until: datetime) -> bool:
    """Take the run, if it is due and nobody is at this one or another."""
    write_once(
        connection,
        scans,
        {"id": name, "due_at": now, "lease_until": None, "finished_at": None, "fault": None},
    )
    taken = connection.execute(
        update(scans)
        .where(_row.id == name, _row.due_at <= now, ~exists().where(_other.lease_until > now))
        .values(lease_until=lease_until)
    )
    return taken.rowcount == 1


def finish(connection: Connection, name: str, *, lease_until: datetime, due_at: datetime, now: datetime) -> bool:
    """Record that the run did its work; False when its lease was over."""
    return _settle(connection, name, lease_until, {"due_at": due_at, "finished_at": now, "fault": None})


def put_off(connection: Connection, name: str, *, lease_until: datetime, due_at: datetime, fault: str) -> bool:
    """Record why the run did not do all of its work, and when it is tried again."""
    return _settle(connection, name, lease_until, {"due_at": due_at, "fault": fault})


def make_due(connection: Connection, *, now: datetime) -> None:
    """Have every run that was there before done again at the next call."""
    connection.execute(update(scans).where(_row.due_at > now).values(due_at=now))


def list_all(connection: Connection) -> list[Scan]:
    """Give every run that there ever was, by name."""
    return [Scan(**row) for row in connection.execute(select(scans).order_by(_row.id)).mappings()]


def _settle(connection: Connection, name: str, lease_until: datetime, values: dict[str, object]) -> bool:
    settled = connection.execute(
        update(scans).where(_row.id == name, _row.lease_until == lease_until).values(lease_until=None, **values)
    )
    return settled.rowcount == 1
