"""Tell owners of the beginning of an over-count, once (S1-10, S1-11)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from notify_service.actions.cancel_untrue import cancel_untrue
from notify_service.actions.find_untold import find_untold
from notify_service.actions.run_scan import in_time
from notify_service.actions.tell_owners import tell_owners
from notify_service.domain.calendar import OVER_COUNT, Reminder, of_over_count

if TYPE_CHECKING:
    from notify_service.actions.calendar_parts import CalendarParts
    from notify_service.domain.calendar import Occasion
    from wire.calendar_records import OverCount


def scan_over_counts(parts: CalendarParts) -> None:
    """Do one run. Raises as scan_renewals does."""
    now = parts.now()
    so: set[str] = set()
    for page in in_time(parts, parts.licenses.over_counts()):
        found = [_reminder(occasion, over) for over in page if (occasion := of_over_count(over, now))]
        so.update(each.occasion.about for each in found)
        tell_owners(parts, find_untold(parts, found))
    cancel_untrue(parts, (OVER_COUNT,), so)


def _reminder(occasion: Occasion, over: OverCount) -> Reminder:
    context = {
        "component_code": over.component_code,
        "owned": over.seats_owned,
        "used": over.seats_in_use,
        "allowed_until": over.until,
    }
    return Reminder(occasion, context)
