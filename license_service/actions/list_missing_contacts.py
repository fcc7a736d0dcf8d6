"""List the devices that were not in contact for days, those of the longest ago first (S1-6)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from license_service.domain.page import EVERYTHING
from license_service.storage import reminders

if TYPE_CHECKING:
    from datetime import datetime

    from database.engine import Database
    from license_service.domain.page import Page, PageWanted
    from wire.calendar_records import MissingContact


def list_missing_contacts(
    database: Database, wanted: PageWanted = EVERYTHING, *, now: datetime, at_least_days: int, at_most_days: int
) -> Page[MissingContact]:
    """Give the devices that hold a seat and whose last contact is so many days ago, at least and at most."""
    first, last = now - timedelta(days=at_most_days), now - timedelta(days=at_least_days)
    with database.reading() as connection:
        return reminders.missing_contacts(connection, first, last, wanted)
