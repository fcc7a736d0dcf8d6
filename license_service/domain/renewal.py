"""The renewal of a license key: how it stands, which windows open, and whether it may go on (S3-16, S3-17, S3-20).

A renewal date is a day in UTC and the last one that counts. What it says on a day is wire/license_status.py. Renewed is
in place and on or before the date; after it the key has ended, and a new one takes its place.
"""

from __future__ import annotations

from calendar import isleap
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Final

from license_service.domain.errors import KeyEndedError, RenewalDateError
from wire.license_status import LicenseStatus, license_status

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime

    from license_service.domain.license_key import LicenseKey

REMINDER_LADDER: Final = (30, 14, 7, 1)
"""How many days before the renewal date reminders are due."""


def today(now: datetime) -> date:
    """Give the day in UTC of an instant (aware)."""
    return now.astimezone(UTC).date()


def status_of(key: LicenseKey, now: datetime) -> LicenseStatus:
    """Give License Status, as people see it."""
    return license_status(key.renewal_date, key.renewal_window_days, now)


def has_ended(key: LicenseKey, now: datetime) -> bool:
    """Tell whether the renewal date has passed; on the day itself the key still counts."""
    return status_of(key, now) is LicenseStatus.EXPIRED


def check_renewable(key: LicenseKey, renewal_date: date | None, now: datetime) -> None:
    """Tell whether the key may be renewed in place until `renewal_date`, None for ever.

    Raises KeyEndedError when its date has passed, RenewalDateError when the new date is no later than the present one.
    """
    if has_ended(key, now):
        raise KeyEndedError
    if key.renewal_date is None or (renewal_date is not None and renewal_date <= key.renewal_date):
        raise RenewalDateError


def crossed_windows(
    renewal_date: date | None, since: datetime, until: datetime, ladder: Iterable[int] = REMINDER_LADDER
) -> tuple[int, ...]:
    """Give the rungs of the ladder that were crossed after `since` and up to `until`, the widest first.

    A rung of n days is crossed at the first instant of the UTC day n days before the renewal date: never "n days left",
    so a night that was missed catches up, and asking on from `until` names none twice.
    """
    if renewal_date is None:
        return ()
    return tuple(
        days
        for days in sorted(ladder, reverse=True)
        if today(since) < renewal_date - timedelta(days=days) <= today(until)
    )


def years_after(day: date, years: int = 1) -> date:
    """Give the same day some years later; the 28th of February where that year has no leap day."""
    is_leap_day = (day.month, day.day) == (2, 29)
    is_leap_year = isleap(day.year + years)
    return day.replace(year=day.year + years, day=28 if is_leap_day and not is_leap_year else day.day)
