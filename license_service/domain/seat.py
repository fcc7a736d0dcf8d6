"""A seat: one device occupying one unit of a license."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from license_service.domain.license import License


@dataclass(frozen=True, slots=True)
class Seat:
    """A device has at most one seat; it sits in the organization of the license."""

    device_id: str
    license: License
    claimed_at: datetime
