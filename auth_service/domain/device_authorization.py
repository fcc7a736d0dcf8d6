"""The record behind one device_code and user_code pair, and its moves (RFC 8628 §3).

pending → approved → consumed; pending → denied; approved → denied (withdrawn before it was redeemed); pending or
approved → expired. No other moves (MOVES). "Expired" is a matter of the clock and never stored.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from auth_service.domain.errors import (
    AccessDeniedError,
    ExpiredTokenError,
    InvalidGrantError,
)
from auth_service.domain.grant import RACE_SECONDS

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


MOVES: Final = frozenset(
    {
        (Status.PENDING, Status.APPROVED),
        (Status.PENDING, Status.DENIED),
        (Status.APPROVED, Status.CONSUMED),
        (Status.APPROVED, Status.DENIED),
    }
)
"""Every move there is; none after the code has expired, except that an approval may still be withdrawn."""


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
    operator_id: str | None = None
    entitlement: Entitlement | None = None
    status_index: int | None = None
    consumed_at: datetime | None = None
    dpop_jkt: str | None = None
    """The thumbprint of the key that the device fixed when it asked (RFC 9449 §10)."""
    code_challenge: str | None = None
    """The S256 challenge that it sent when it asked (RFC 7636 §4.2)."""

    @property
    def drawn_status_index(self) -> int:
        """Give the place in the status list that was drawn at the approval."""
        if self.status_index is None:
            raise ValueError("A device authorization has no status index before its approval.")
        return self.status_index

    def is_live(self, now: datetime) -> bool:
        """Tell whether an operator can still decide it."""
        return self.status is Status.PENDING and now < self.expires_at

    def check_answerable(self, client_id: str, now: datetime) -> None:
        """Ask the questions of the token endpoint that have a final answer, in this order.

        Another client's code is as unknown as none (T16); expired comes before denied. Passes for pending and approved,
        and for consumed: its answer may have been lost, even while the code expired.

        Raises InvalidGrantError, ExpiredTokenError or AccessDeniedError.
        """
        if self.client_id != client_id:
            raise InvalidGrantError("The device code is not known.")
        if now >= self.expires_at and not self._was_just_consumed(now):
            raise ExpiredTokenError("The device code has expired. Ask for a new one.")
        if self.status is Status.DENIED:
            raise AccessDeniedError("An operator denied this device.")

    def is_same_device(self, dpop_jkt: str | None, code_verifier: str | None) -> bool:
        """Tell whether who redeems is who asked, as far as the device fixed a key or a challenge (T15).

        A verifier without a challenge is refused too: it would hide that the challenge was stripped (RFC 9700 §2.1.1).
        """
        if self.dpop_jkt is not None and self.dpop_jkt != dpop_jkt:
            return False
        if self.code_challenge is None or code_verifier is None:
            return self.code_challenge is None and code_verifier is None
        return hmac.compare_digest(self.code_challenge, s256(code_verifier))

    def _was_just_consumed(self, now: datetime) -> bool:
        return self.consumed_at is not None and now <= self.consumed_at + timedelta(seconds=RACE_SECONDS)


def s256(code_verifier: str) -> str:
    """Give the code challenge of a verifier (RFC 7636 §4.2)."""
    hashed = hashlib.sha256(code_verifier.encode("utf-8", "surrogatepass")).digest()
    return base64.urlsafe_b64encode(hashed).rstrip(b"=").decode()
