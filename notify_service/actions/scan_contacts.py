"""Tell owners of devices that were not in contact for days, and of those that are deactivated by it (S1-3, S1-6)."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Final

from notify_service.actions.cancel_untrue import cancel_untrue
from notify_service.actions.find_untold import find_untold
from notify_service.actions.run_scan import in_time
from notify_service.actions.tell_owners import tell_owners
from notify_service.domain.calendar import (
    CATCH_UP,
    CONTACT_LADDER,
    CONTACT_MISSING,
    MOST_SILENCES_A_DAY,
    Reminder,
    days_missing,
    is_deactivated,
    of_contact,
)
from notify_service.domain.errors import OrganizationUnreadableError
from notify_service.storage import calendar_rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from notify_service.actions.calendar_parts import CalendarParts
    from notify_service.domain.calendar import Occasion
    from wire.calendar_records import MissingContact

_A_DAY: Final = timedelta(days=1)

_log = logging.getLogger(__name__)


def scan_contacts(parts: CalendarParts) -> None:
    """Do one run. Raises as scan_renewals does."""
    now = parts.now()
    pages = parts.licenses.missing_contacts(
        at_least_days=min(CONTACT_LADDER), at_most_days=max(CONTACT_LADDER) + CATCH_UP.days
    )
    so: set[str] = set()
    for page in in_time(parts, pages):
        found = [_reminder(occasion, missing, now) for missing in page if (occasion := of_contact(missing, now))]
        so.update(each.occasion.about for each in found)
        tell_owners(parts, _told_of(parts, find_untold(parts, found), now))
    cancel_untrue(parts, (CONTACT_MISSING,), so)


def _reminder(occasion: Occasion, missing: MissingContact, now: datetime) -> Reminder:
    context = {
        "device_id": missing.device_id,
        "last_contact_at": missing.last_contact_at,
        "days": days_missing(missing.last_contact_at, now),
        "deactivated": is_deactivated(occasion),
    }
    return Reminder(occasion, context)


def _told_of(parts: CalendarParts, reminders: list[Reminder], now: datetime) -> Iterator[Reminder]:
    def organization_of(reminder: Reminder) -> str:
        return reminder.occasion.organization_id or ""

    by_organization = groupby(sorted(reminders, key=organization_of), key=organization_of)
    for organization_id, group in in_time(parts, by_organization):
        theirs = _bounded(parts, organization_id, list(group), now)
        names = _names(parts, organization_id, [each.occasion.subject_id for each in theirs])
        for each in theirs:
            # A device that was removed meanwhile has no name any more.
            name = names.get(each.occasion.subject_id, each.occasion.subject_id)
            yield replace(each, context={**each.context, "device_name": name})


def _bounded(parts: CalendarParts, organization_id: str, theirs: list[Reminder], now: datetime) -> list[Reminder]:
    """Give as many as are to be told of today, those that are silent for the longest first; the rest stays untold."""
    with parts.database.reading() as connection:
        told = calendar_rows.told_since(connection, CONTACT_MISSING, organization_id, now - _A_DAY)
    left = max(MOST_SILENCES_A_DAY - told, 0)
    if len(theirs) > left:
        _log.warning("devices wait to be told of", extra={"organization_id": organization_id, "devices": len(theirs)})
    return sorted(theirs, key=lambda each: each.occasion.window, reverse=True)[:left]


def _names(parts: CalendarParts, organization_id: str, device_ids: list[str]) -> dict[str, str]:
    if not device_ids:
        return {}
    try:
        return parts.organizations.device_names(organization_id, device_ids)
    except OrganizationUnreadableError as fault:
        _log.warning("devices have no names", extra={"organization_id": organization_id, "reason": str(fault)})
        return {}
