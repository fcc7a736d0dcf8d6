"""What a device may use, as license_service says it: the record in its document (wire/license_documents.py)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Entitlement:
    """What a device may use, as license_service said it at one instant.

    `renewal_date` is a day in UTC, absent for a perpetual license; `stated_at` is aware, UTC.
    """

    device_id: str
    organization_id: str
    license_id: str
    features: tuple[str, ...]
    renewal_window_days: int
    stated_at: datetime
    renewal_date: date | None = None
