"""Raise the events that time brings, once: a renewal window opens, a renewal date passes, a device goes dark.

Requirements S3-16, S3-17 and S1-3.

What counts is whether a day has come and was not told of, never "n days left": a night that was missed catches up, and
running twice, or in two places, raises nothing twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from database.retried import retried
from license_service.domain.contact import DEACTIVATED_AFTER
from license_service.domain.event import EventKind
from license_service.domain.renewal import today
from license_service.storage import contacts, raised_dates
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
    return sum(_raise(database, kind, now) for kind in _FIND) + _raise_dark(database, now)


@retried
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


@retried
def _raise_dark(database: Database, now: datetime) -> int:
    raised = 0
    until = now - DEACTIVATED_AFTER
    with database.transaction() as connection:
        for device in contacts.dark_untold(connection, until, limit=AT_ONCE):
            if contacts.tell_dark(connection, device.device_id, until):
                raised += 1
                record_event(
                    connection,
                    kind=EventKind.DEVICE_DARK,
                    organization_id=device.organization_id,
                    subject_id=device.device_id,
                    data={
                        "last_contact_at": device.last_contact_at.isoformat(),
                        "deactivated_at": (device.last_contact_at + DEACTIVATED_AFTER).isoformat(),
                    },
                    now=now,
                )
    return raised
