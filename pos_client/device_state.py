"""What is to be known about this device's license at one instant, judged offline from what is stored."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pos_client.clock_guard import read_clock
from pos_client.errors import LicenseRefusedError
from pos_client.license_state import license_state
from pos_client.license_verifier import read_license_token

if TYPE_CHECKING:
    from datetime import datetime

    from pos_client.clock_guard import ClockReading
    from pos_client.license_state import LicenseState
    from pos_client.stored_state import PendingAuthorization, StoredState
    from wire.claims import LicenseTokenClaims


@dataclass(frozen=True, slots=True)
class DeviceState:
    """`license` is None while there is none, and when the one held cannot be believed: then `unverified` says why."""

    clock: ClockReading
    license: LicenseState | None = None
    unverified: str | None = None
    pending: PendingAuthorization | None = None
    last_contact_at: datetime | None = None
    authorization_ended: bool = False
    ended_reason: str | None = None
    set_aside: bool = False

    @property
    def pending_expired(self) -> bool:
        return self.pending is not None and self.clock.now >= self.pending.expires_at

    @property
    def held(self) -> bool:
        """Whether there is a license to show or to remove, believed or not."""
        return self.license is not None or self.unverified is not None

    @property
    def active(self) -> bool:
        """Whether the system may be used."""
        return self.license is not None and self.license.active


def device_state(stored: StoredState, *, issuer: str, system_now: datetime) -> DeviceState:
    """Judge what is stored, for a device that deals with `issuer`."""
    clock = read_clock(stored.clock, system_now)
    state = DeviceState(clock=clock, pending=pending_with(stored, issuer), set_aside=stored.set_aside)
    if stored.held is None:
        return state
    state = replace(
        state,
        last_contact_at=stored.held.last_contact_at,
        authorization_ended=stored.held.refresh_token is None,
        ended_reason=stored.held.ended_reason,
    )
    try:
        return replace(state, license=license_state(held_claims(stored, issuer), clock.now))
    except LicenseRefusedError as fault:
        return replace(state, unverified=str(fault))


def pending_with(stored: StoredState, issuer: str) -> PendingAuthorization | None:
    """Give what is pending; a code of another issuer is not."""
    return stored.pending if stored.issuer == issuer else None


def held_claims(stored: StoredState, issuer: str) -> LicenseTokenClaims:
    """Verify the license that is held. Raises LicenseRefusedError when there is none to be believed."""
    if stored.held is None or stored.keys is None:
        raise LicenseRefusedError("There is no license token with the keys to verify it.")
    if stored.issuer != issuer:
        raise LicenseRefusedError(f"The license held here is from another authorization server, {stored.issuer}.")
    return read_license_token(stored.held.license_token, issuer=issuer, keys=stored.keys)
