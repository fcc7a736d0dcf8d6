"""The rules of a license's two clocks, which are never mixed up (S3-15 … S3-17, S3-25, S3-26, S3-32).

Renewal date (commercial, a day in UTC, optional): wire/license_status.py.

Token Expiry (technical): the `exp` of the license token, which is last contact + 8 days. Up to the last second before
it the license holds, with a warning when NEAR_DAYS or fewer are left; from that second on the system is deactivated
(S1-2, S1-3; RFC 7519 §4.1.4: "on or after"). One contact brings it back (S1-8).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import TYPE_CHECKING, Final

from wire.license_status import LicenseStatus, license_status

if TYPE_CHECKING:
    from wire.claims import LicenseTokenClaims

NEAR_DAYS: Final = 3
_DAY_SECONDS: Final = 86_400


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
        status=license_status(claims.renewal_date, claims.renewal_window_days, now),
        token_status=_token_status(seconds_left),
        token_expires_at=expires_at,
        days_left=max(0, int(seconds_left // _DAY_SECONDS)),
    )


def _token_status(seconds_left: float) -> TokenStatus:
    if seconds_left <= 0:
        return TokenStatus.OUTLIVED
    return TokenStatus.NEAR if seconds_left <= NEAR_DAYS * _DAY_SECONDS else TokenStatus.FRESH
