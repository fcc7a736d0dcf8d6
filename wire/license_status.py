"""License Status: what a renewal date says on a day, with the labels that people see (S3-15 … S3-17).

The renewal date is a day in UTC. `Licensed`; from `renewal_window_days` before it to the end of that day `Requires
Renewal`; after it `Expired – Requires Renewal`. A perpetual license has no date and stays `Licensed`.
"""  # noqa: RUF002 - the label's dash is an en dash

from __future__ import annotations

from datetime import UTC
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date, datetime


class LicenseStatus(Enum):
    """The values of License Status, as printed."""

    LICENSED = "Licensed"
    REQUIRES_RENEWAL = "Requires Renewal"
    EXPIRED = "Expired – Requires Renewal"  # noqa: RUF001 - as above


def license_status(renewal_date: date | None, renewal_window_days: int, now: datetime) -> LicenseStatus:
    """Judge at the instant `now` (aware)."""
    if renewal_date is None:
        return LicenseStatus.LICENSED
    days = (renewal_date - now.astimezone(UTC).date()).days
    if days < 0:
        return LicenseStatus.EXPIRED
    return LicenseStatus.REQUIRES_RENEWAL if days <= renewal_window_days else LicenseStatus.LICENSED
