"""The rules of a license's two clocks, which are never mixed up (S3-15 … S3-17, S3-25, S3-26, S3-32).

Renewal date (commercial, a day in UTC, optional): `Licensed`; from `renewal_window_days` before the date to the end of
that day `Requires Renewal`; after it EXPIRED.

Token Expiry (technical): the `exp` of the license token, which is last contact + 8 days. Up to the last second before
it the license holds, with a warning when NEAR_DAYS or fewer are left; from that second on the system is deactivated
(S1-2, S1-3; RFC 7519 §4.1.4: "on or after"). One contact brings it back (S1-8).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import date

    from wire.claims import LicenseTokenClaims

NEAR_DAYS: Final = 3
_DAY_SECONDS: Final = 86_400


class LicenseStatus(Enum):
    """The values of License Status, as printed on the page."""

    LICENSED = "Licensed"
    REQUIRES_RENEWAL = "Requires Renewal"
    EXPIRED = "Expired – Requires Renewal"  # noqa: RUF001 - the label's dash is an en dash


class TokenStatus(Enum):
    """How the license token stands to its Token Expiry."""

    FRESH = "fresh"
    NEAR = "near"
    OUTLIVED = "outlived"


@dataclass(frozen=True, slots=True)
class LicenseState:
    """What the license token says at one instant. `days_left` counts whole days to the Token Expiry, from 0."""

    claims: LicenseTokenClaims
    status: LicenseStatus
    token_status: TokenStatus
    token_expires_at: datetime
    days_left: int

    @property
    def active(self) -> bool:
        """Whether the system may be used: neither clock has run out."""
        return self.status is not LicenseStatus.EXPIRED and self.token_status is not TokenStatus.OUTLIVED


def license_state(claims: LicenseTokenClaims, now: datetime) -> LicenseState:
    """Judge verified claims at the instant `now` (aware)."""
    expires_at = datetime.fromtimestamp(claims.exp, UTC)
    seconds_left = (expires_at - now).total_seconds()
    return LicenseState(
        claims=claims,
        status=_license_status(claims.renewal_date, claims.renewal_window_days, now),
        token_status=_token_status(seconds_left),
        token_expires_at=expires_at,
        days_left=max(0, int(seconds_left // _DAY_SECONDS)),
    )


def _license_status(renewal_date: date | None, renewal_window_days: int, now: datetime) -> LicenseStatus:
    if renewal_date is None:
        return LicenseStatus.LICENSED
    days = (renewal_date - now.astimezone(UTC).date()).days
    if days < 0:
        return LicenseStatus.EXPIRED
    return LicenseStatus.REQUIRES_RENEWAL if days <= renewal_window_days else LicenseStatus.LICENSED


def _token_status(seconds_left: float) -> TokenStatus:
    if seconds_left <= 0:
        return TokenStatus.OUTLIVED
    return TokenStatus.NEAR if seconds_left <= NEAR_DAYS * _DAY_SECONDS else TokenStatus.FRESH
