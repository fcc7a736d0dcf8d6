"""Tell owners of devices that were not in contact for days, and of those that are deactivated by it (S1-3, S1-6)."""

from __future__ import annotations

import logging
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING

from notify_service.actions.cancel_untrue import cancel_untrue
from notify_service.actions.find_untold import find_untold
from notify_service.actions.run_scan import in_time
from notify_service.actions.tell_owners import tell_owners
from notify_service.domain.calendar import (
    CATCH_UP,
    CONTACT_LADDER,
    CONTACT_MISSING,
    Reminder,
    days_missing,
    is_deactivated,
    of_contact,
)
from notify_service.domain.errors import OrganizationUnreadableError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from notify_service.actions.calendar_parts import CalendarParts
    from notify_service.domain.calendar import Occasion
    from wire.calendar_records import MissingContact

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
        tell_owners(parts, _named(parts, find_untold(parts, found)))
    cancel_untrue(parts, (CONTACT_MISSING,), so)


def _reminder(occasion: Occasion, missing: MissingContact, now: datetime) -> Reminder:
    context = {
        "device_id": missing.device_id,
        "last_contact_at": missing.last_contact_at,
        "days": days_missing(missing.last_contact_at, now),
        "deactivated": is_deactivated(occasion),
    }
    return Reminder(occasion, context)


def _named(parts: CalendarParts, reminders: list[Reminder]) -> Iterator[Reminder]:
    def organization_of(reminder: Reminder) -> str:
        return reminder.occasion.organization_id or ""

    for organization_id, group in groupby(sorted(reminders, key=organization_of), key=organization_of):
        theirs = list(group)
        names = _names(parts, organization_id, [each.occasion.subject_id for each in theirs])
        for each in theirs:
            # A device that was removed meanwhile has no name any more.
            name = names.get(each.occasion.subject_id, each.occasion.subject_id)
            yield replace(each, context={**each.context, "device_name": name})


def _names(parts: CalendarParts, organization_id: str, device_ids: list[str]) -> dict[str, str]:
    try:
        return parts.organizations.device_names(organization_id, device_ids)
    except OrganizationUnreadableError as fault:
        _log.warning("devices have no names", extra={"organization_id": organization_id, "reason": str(fault)})
        return {}
