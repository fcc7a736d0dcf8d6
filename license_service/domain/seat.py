"""A seat: one device occupying one unit of one component of a license key, and what that gives it (S3-20, S3-21)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from license_service.domain.errors import LicenseSuspendedError
from license_service.domain.license_key import KeyStatus

if TYPE_CHECKING:
    from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Seat:
    """A device has at most one seat; it sits in the organization of the key."""

    device_id: str
    key_id: str
    organization_id: str
    component_code: str
    claimed_at: datetime


@dataclass(frozen=True, slots=True)
class SeatTerms:
    """A seat, and what its key says of it; `features` are what the key's profile gives for the component."""

    seat: Seat
    features: tuple[str, ...]
    key_status: KeyStatus
    renewal_date: date | None
    renewal_window_days: int

    def check_usable(self) -> None:
        """Raise LicenseSuspendedError while the key is suspended; one that has ended is still stated (S3-17)."""
        if self.key_status is not KeyStatus.ACTIVE:
            raise LicenseSuspendedError
