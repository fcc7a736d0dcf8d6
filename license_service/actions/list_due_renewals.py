"""List the license keys that are to be renewed, the soonest first (S3-16, S3-17)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from license_service.domain.page import EVERYTHING
from license_service.domain.renewal import today
from license_service.storage import reminders

if TYPE_CHECKING:
    from datetime import datetime

    from database.engine import Database
    from license_service.domain.page import Page, PageWanted
    from wire.calendar_records import DueRenewal


def list_due_renewals(
    database: Database,
    wanted: PageWanted = EVERYTHING,
    *,
    now: datetime,
    within_days: int,
    expired_within_days: int = 0,
) -> Page[DueRenewal]:
    """Give the active keys whose date comes within so many days, or has passed no more than so many days ago."""
    day = today(now)
    first, last = day - timedelta(days=expired_within_days), day + timedelta(days=within_days)
    with database.reading() as connection:
        return reminders.due_renewals(connection, first, last, wanted)
