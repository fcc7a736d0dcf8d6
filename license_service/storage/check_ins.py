"""The rows of `check_ins`: what each check-in said, for as long as the history goes back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import and_, bindparam, delete, func, or_, select

from database.instants import Instant
from license_service.domain.check_in import FULL_LOAD, KEPT, LOAD_WINDOW
from license_service.storage.contact_tables import check_ins
from license_service.storage.insertion import insert_if_absent

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from license_service.domain.check_in import CheckIn

_table: Final = check_ins.c
# No more than count: a throng costs no more to look at than that.
_RECENT: Final = select(func.count()).select_from(
    select(_table.at).where(_table.at > bindparam("since", type_=Instant)).limit(FULL_LOAD).subquery()
)
# Two go for each that comes: the history never grows beyond its days, and nobody waits for a great sweep. One that
# another check-in is at is left to it.
_OLD: Final = (
    select(_table.device_id, _table.at)
    .where(_table.at <= bindparam("until", type_=Instant))
    .order_by(_table.at)
    .limit(2)
    .with_for_update(skip_locked=True)
)


def add(connection: Connection, check_in: CheckIn) -> None:
    """Append a check-in; one of the same device at the same instant is the same."""
    row = {
        "device_id": check_in.device_id,
        "at": check_in.at,
        "organization_id": check_in.organization_id,
        "software_version": check_in.report.software_version,
        "clock_skew_seconds": check_in.clock_skew_seconds,
        "seats_in_use": dict(check_in.report.seats_in_use),
        "registers": len(check_in.report.registers),
    }
    insert_if_absent(connection, check_ins, row)


def forget_old(connection: Connection, now: datetime) -> None:
    """Delete a few of those that are older than the history goes back."""
    old = connection.execute(_OLD, {"until": now - KEPT}).all()
    if old:
        these = or_(*(and_(_table.device_id == row.device_id, _table.at == row.at) for row in old))
        connection.execute(delete(check_ins).where(these))


def recent(connection: Connection, now: datetime) -> int:
    """Give how many came within LOAD_WINDOW, counted to FULL_LOAD at most."""
    found: int = connection.execute(_RECENT, {"since": now - LOAD_WINDOW}).scalar_one()
    return found
