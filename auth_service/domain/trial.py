"""What the first license key of a Group that registers itself gives, and for how long (S1-34, S2-5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Trial:
    """Codes are those of license_service's catalog; `components` are codes with their seats."""

    profile_code: str = "standard"
    components: tuple[tuple[str, int], ...] = (("xms", 5),)
    days: int = 30

    def renewal_date(self, activated_at: datetime) -> date:
        """Give the last day of the key, in UTC."""
        return (activated_at + timedelta(days=self.days)).date()


def read_components(text: str) -> tuple[tuple[str, int], ...]:
    """Read `xms=5, kds=2`. Raises ValueError."""
    pairs = [part.strip().partition("=") for part in text.split(",")]
    components = tuple((code.strip(), int(seats)) for code, _, seats in pairs)
    if len(dict(components)) < len(components) or any(not code or seats < 1 for code, seats in components):
        raise ValueError("Each component needs a code, once, and at least one seat.")
    return components
