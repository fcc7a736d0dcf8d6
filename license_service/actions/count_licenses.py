"""Count how the vendor's customers stand: what is due, expired, dark and over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from license_service.storage import reminders

if TYPE_CHECKING:
    from datetime import datetime

    from database.engine import Database
    from wire.calendar_records import LicenseCounts


def count_licenses(database: Database, *, now: datetime) -> LicenseCounts:
    """Give the numbers at this instant."""
    with database.reading() as connection:
        return reminders.counts(connection, now)
