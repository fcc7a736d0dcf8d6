"""Tell the owners of organizations what the calendar found; the fault of one keeps it from no other."""

from __future__ import annotations

import logging
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING

from notify_service.actions.run_scan import in_time
from notify_service.actions.write_reminders import write_reminders
from notify_service.domain.errors import OrganizationUnreadableError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from notify_service.actions.calendar_parts import CalendarParts
    from notify_service.domain.calendar import Reminder

_log = logging.getLogger(__name__)


def tell_owners(parts: CalendarParts, reminders: Iterable[Reminder]) -> int:
    """Write what was not told, and give how many emails are new.

    Raises ServiceAwayError, RunTooLongError, and DatabaseUnavailableError; what was written by then stays.
    """

    def organization_of(reminder: Reminder) -> str:
        return reminder.occasion.organization_id or ""

    written = 0
    by_organization = groupby(sorted(reminders, key=organization_of), key=organization_of)
    for organization_id, theirs in in_time(parts, by_organization):
        try:
            told = parts.organizations.recipients(organization_id)
        except OrganizationUnreadableError as fault:
            _log.warning(
                "an organization is passed over", extra={"organization_id": organization_id, "reason": str(fault)}
            )
            continue
        for reminder in theirs:
            named = replace(reminder, context={"organization_name": told.organization_name, **reminder.context})
            written += write_reminders(parts, named, told.owners, locale=told.locale)
    return written
