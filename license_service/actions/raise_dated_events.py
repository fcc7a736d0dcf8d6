"""Raise the events that a day brings, once: a renewal window that opens, a renewal date that passes (S3-16, S3-17).

What counts is whether a day has come and was not told of, never "n days left": a night that was missed catches up, and
running twice, or in two places, raises nothing twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from license_service.domain.event import EventKind
from license_service.domain.renewal import today
from license_service.storage import raised_dates
from license_service.storage.events import record_event

if TYPE_CHECKING:
    from datetime import datetime

    from database.engine import Database

AT_ONCE: Final = 500
_FIND: Final = {
    EventKind.LICENSE_EXPIRED: raised_dates.passed,
    EventKind.LICENSE_REQUIRES_RENEWAL: raised_dates.opened,
}


def raise_dated_events(database: Database, *, now: datetime) -> int:
    """Do one round of at most AT_ONCE of each kind, and give how many were raised. Raises DatabaseUnavailableError."""
    return sum(_raise(database, kind, now) for kind in _FIND)


def _raise(database: Database, kind: EventKind, now: datetime) -> int:
    raised = 0
    with database.transaction() as connection:
        for key in _FIND[kind](connection, kind, today(now), limit=AT_ONCE):
            if raised_dates.add(connection, kind, key.id, key.renewal_date):
                raised += 1
                record_event(
                    connection,
                    kind=kind,
                    organization_id=key.organization_id,
                    subject_id=key.id,
                    data={"id_number": key.id_number, "renewal_date": key.renewal_date.isoformat()},
                    now=now,
                )
    return raised
