"""The record behind one device_code and user_code pair, and its moves (RFC 8628 §3).

pending → approved → consumed; pending → denied; approved → denied (withdrawn before it was redeemed); pending or
approved → expired. No other moves. "Expired" is a matter of the clock and never stored.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from auth_service.domain.errors import (
    AccessDeniedError,
    ExpiredTokenError,
    InvalidGrantError,
)

if TYPE_CHECKING:
    from datetime import datetime

    from wire.entitlement import Entitlement

LIFETIME_SECONDS: Final = 900


class Status(StrEnum):
    """The stored states."""

    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"
    CONSUMED = "consumed"


@dataclass(frozen=True, slots=True)
class DeviceAuthorization:
    """One device authorization; `device_id` and `entitlement` are there from its approval on."""

    id: str
    client_id: str
    scope: str
    status: Status
    device_code_digest: str
    requested_from: str
    created_at: datetime
    expires_at: datetime
    device_id: str | None = None
    organization_id: str | None = None
    entitlement: Entitlement | None = None

    def is_live(self, now: datetime) -> bool:
        """Tell whether an operator can still decide it."""
        return self.status is Status.PENDING and now < self.expires_at

    def check_redeemable(self, client_id: str, now: datetime) -> None:
        """Ask the questions of the token endpoint that have a final answer, in this order.

        Another client's code is as unknown as none (T16); expired comes before denied and used. Passes for pending and
        approved.

        Raises InvalidGrantError, ExpiredTokenError or AccessDeniedError.
        """
        if self.client_id != client_id:
            raise InvalidGrantError("The device code is not known.")
        if now >= self.expires_at:
            raise ExpiredTokenError("The device code has expired. Ask for a new one.")
        if self.status is Status.DENIED:
            raise AccessDeniedError("An operator denied this device.")
        if self.status is Status.CONSUMED:
            raise InvalidGrantError("The device code has been used.")
