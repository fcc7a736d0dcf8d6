"""A grant: one authorization of one device, the family of its refresh tokens (RFC 6749 §1.5, RFC 9700 §4.14)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import datetime

    from auth_service.domain.device import Device
    from wire.entitlement import Entitlement

ACCESS_TOKEN_SECONDS: Final = 600
LICENSE_TOKEN_SECONDS: Final = 8 * 24 * 3600
"""Last contact + 8 days is the Token Expiry (S1-2, S3-25)."""

ENTITLEMENT_FRESH_SECONDS: Final = 60
"""How old what license_service said may be before it is asked again."""

RACE_SECONDS: Final = 30
"""A refresh token that comes again within this time lost a race or an answer; later, it is reuse (T23)."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A live grant with all that its next tokens say."""

    id: str
    client_id: str
    scope: str
    device: Device
    organization_name: str
    entitlement: Entitlement


@dataclass(frozen=True, slots=True)
class PresentedRefreshToken:
    """What is known of a refresh token that a client shows."""

    grant: Grant
    used_at: datetime | None
    ended_reason: str | None


def is_fresh(entitlement: Entitlement, now: datetime) -> bool:
    """Tell whether what license_service said is recent enough to issue tokens from."""
    age = (now - entitlement.stated_at).total_seconds()
    return -ENTITLEMENT_FRESH_SECONDS <= age <= ENTITLEMENT_FRESH_SECONDS
