"""A check-in: what a site reports of its use, and what license_service answers (S1-9 … S1-11)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from wire.license_status import LicenseStatus

CHECK_IN_PATH: Final = "/v1/check-ins"
MOST_REGISTERS: Final = 250
MOST_COMPONENTS: Final = 100


class OverCountOutcome(StrEnum):
    """What more seats in use than are owned come to; an administrator sees it (S1-11)."""

    OK = "ok"
    ALLOWED = "over_allowed_until"
    """More than are owned, and allowed to be until `over_count_until`."""
    REFUSED = "over_refused"
    """More than may ever be, or for longer than they may."""


@dataclass(frozen=True, slots=True)
class Register:
    """A register that the site uses, as the site names it."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class CheckInReport:
    """What a device says of its site. `device_time` is what its clock shows (aware); seats are by component code."""

    software_version: str
    device_time: datetime
    seats_in_use: Mapping[str, int]
    registers: tuple[Register, ...] = ()

    def document(self) -> dict[str, Any]:
        """Give the JSON document that is sent."""
        return {
            "software_version": self.software_version,
            "device_time": self.device_time.isoformat(),
            "seats_in_use": [{"component_code": code, "seats": n} for code, n in self.seats_in_use.items()],
            "registers": [asdict(each) for each in self.registers],
        }


@dataclass(frozen=True, slots=True)
class ComponentUse:
    """What the organization owns of a component, against what all of its sites say they use.

    `over_count_since` is the first instant of over-use, `over_count_until` the one from which on it is refused, absent
    where it is not allowed at all.
    """

    component_code: str
    seats_owned: int
    seats_in_use: int
    outcome: OverCountOutcome = OverCountOutcome.OK
    over_count_since: datetime | None = None
    over_count_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class CheckInAnswer:
    """What license_service says to a check-in.

    `server_time` is signed (wire/server_time.py); `next_check_in_after` is in seconds; `key_status` is the stored state
    of the license key, such as `active` or `suspended`.
    """

    device_id: str
    organization_id: str
    license_id: str
    key_status: str
    license_status: LicenseStatus
    renewal_date: date | None
    components: tuple[ComponentUse, ...]
    server_time: str
    next_check_in_after: int
