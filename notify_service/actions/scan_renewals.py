"""Tell owners of license keys that are to be renewed or have expired (S3-16, S3-17)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from notify_service.actions.cancel_untrue import cancel_untrue
from notify_service.actions.find_untold import find_untold
from notify_service.actions.run_scan import in_time
from notify_service.actions.tell_owners import tell_owners
from notify_service.domain.calendar import (
    CATCH_UP,
    LICENSE_EXPIRED,
    RENEWAL_LADDER,
    REQUIRES_RENEWAL,
    Reminder,
    days_left,
    of_renewal,
)

if TYPE_CHECKING:
    from datetime import datetime

    from notify_service.actions.calendar_parts import CalendarParts
    from notify_service.domain.calendar import Occasion
    from wire.calendar_records import DueRenewal


def scan_renewals(parts: CalendarParts) -> None:
    """Do one run. Raises ServiceAwayError, RunTooLongError, DatabaseUnavailableError; the next run goes on."""
    now = parts.now()
    pages = parts.licenses.due_renewals(within_days=max(RENEWAL_LADDER), expired_within_days=CATCH_UP.days)
    so: set[str] = set()
    for page in in_time(parts, pages):
        found = [_reminder(occasion, due, now) for due in page if (occasion := of_renewal(due, now))]
        so.update(each.occasion.about for each in found)
        tell_owners(parts, find_untold(parts, found))
    cancel_untrue(parts, (REQUIRES_RENEWAL, LICENSE_EXPIRED), so)


def _reminder(occasion: Occasion, due: DueRenewal, now: datetime) -> Reminder:
    context: dict[str, Any] = {"id_number": due.id_number, "renewal_date": due.renewal_date}
    if occasion.template == REQUIRES_RENEWAL:
        context["days_left"] = days_left(due.renewal_date, now)
    return Reminder(occasion, context)
