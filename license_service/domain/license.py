"""A license: what was sold to an organization, and until when (S3-16, S3-17, S3-20, S3-21)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from license_service.domain.errors import LicenseExpiredError, NoLicenseError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

DEFAULT_RENEWAL_WINDOW_DAYS: Final = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenseTerms:
    """What was agreed. `renewal_date` is a day in UTC, None for a perpetual license."""

    organization_id: str
    features: tuple[str, ...]
    seats: int
    renewal_date: date | None = None
    renewal_window_days: int = DEFAULT_RENEWAL_WINDOW_DAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class License(LicenseTerms):
    """The record of a license: its terms, and how many of its seats are taken."""

    id: str
    seats_claimed: int
    created_at: datetime

    def has_expired(self, today: date) -> bool:
        """Say whether the renewal date has passed; on the day itself the license still counts."""
        return self.renewal_date is not None and today > self.renewal_date


def open_to_claims(licenses: Sequence[License], today: date) -> list[License]:
    """Give the licenses of one organization that a new device may sit on, in their order.

    Raises NoLicenseError when there is none at all, LicenseExpiredError when every one has expired.
    """
    if not licenses:
        raise NoLicenseError
    current = [candidate for candidate in licenses if not candidate.has_expired(today)]
    if not current:
        raise LicenseExpiredError
    return current
