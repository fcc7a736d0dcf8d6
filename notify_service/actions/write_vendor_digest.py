"""Tell the vendor's staff once a day how all organizations stand, in numbers."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Final

from notify_service.actions.cancel_untrue import cancel_untrue
from notify_service.actions.find_untold import find_untold
from notify_service.actions.write_reminders import write_reminders
from notify_service.domain.calendar import VENDOR_DIGEST, Reminder, of_day
from notify_service.storage import calendar_rows

if TYPE_CHECKING:
    from notify_service.actions.calendar_parts import CalendarParts

FAILED_WITHIN: Final = timedelta(days=7)
"""Emails are counted as failed that are no older: one is tried for four days before it is given up."""
_LOCALE: Final = "en"


def write_vendor_digest(parts: CalendarParts) -> None:
    """Write that of today from the morning on; one of yesterday that still waits is cancelled.

    Raises ServiceAwayError or DatabaseUnavailableError; the next run goes on.
    """
    now = parts.now()
    occasion = of_day(now)
    if occasion is None:
        return
    cancel_untrue(parts, (VENDOR_DIGEST,), {occasion.about})
    if not find_untold(parts, [Reminder(occasion, {})]):
        return
    addresses = parts.organizations.vendor_addresses()
    if not addresses:
        return
    with parts.database.reading() as connection:
        failed = calendar_rows.failed_since(connection, now - FAILED_WITHIN)
    context = {"day": now.astimezone(UTC).date(), **asdict(parts.licenses.counts()), "failed_emails": failed}
    write_reminders(parts, Reminder(occasion, context), addresses, locale=_LOCALE)
