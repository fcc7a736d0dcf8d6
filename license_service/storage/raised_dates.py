"""The rows of `raised_dates`: which days that came for license keys were told of, each once."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, exists, select

from license_service.domain.license_key import KeyStatus
from license_service.storage.insertion import insert_if_absent
from license_service.storage.tables import license_keys, raised_dates

if TYPE_CHECKING:
    from datetime import date

    from sqlalchemy import Connection, Row

    from license_service.domain.event import EventKind

_keys: Final = license_keys.c
# FOR SHARE: a renewal that is under way is waited for on PostgreSQL, so that no date is told of that is no longer one.
_UNTOLD: Final = (
    select(_keys.id, _keys.organization_id, _keys.id_number, _keys.renewal_date)
    .where(
        _keys.status == KeyStatus.ACTIVE,
        ~exists().where(
            raised_dates.c.subject_id == _keys.id,
            raised_dates.c.kind == bindparam("kind"),
            raised_dates.c.day == _keys.renewal_date,
        ),
    )
    .order_by(_keys.renewal_date, _keys.id)
    .limit(bindparam("limit"))
    .with_for_update(read=True, of=license_keys)
)
_PASSED: Final = _UNTOLD.where(_keys.renewal_date < bindparam("today"))
# By the length of the window, so that the index on the date serves and no database needs to reckon with days.
_WINDOWS: Final = select(_keys.renewal_window_days).where(_keys.renewal_date >= bindparam("today")).distinct()
_OPENED: Final = _UNTOLD.where(
    _keys.renewal_window_days == bindparam("window"),
    _keys.renewal_date.between(bindparam("today"), bindparam("last")),
)


def add(connection: Connection, kind: EventKind, subject_id: str, day: date) -> bool:
    """Note that this day is told of, or say that it was."""
    return insert_if_absent(connection, raised_dates, {"subject_id": subject_id, "kind": kind, "day": day})


def passed(connection: Connection, kind: EventKind, today: date, *, limit: int) -> list[Row[Any]]:
    """Give keys whose renewal date has passed and was not told of, the longest ago first."""
    return list(connection.execute(_PASSED, {"kind": kind, "today": today, "limit": limit}))


def opened(connection: Connection, kind: EventKind, today: date, *, limit: int) -> list[Row[Any]]:
    """Give keys whose renewal window has opened and was not told of, for as long as their date has not passed."""
    found: list[Row[Any]] = []
    for days in connection.execute(_WINDOWS, {"today": today}).scalars().all():
        values = {"kind": kind, "today": today, "window": days, "last": today + timedelta(days=days)}
        found += connection.execute(_OPENED, {**values, "limit": limit - len(found)})
    return found
