"""How a device stands by its last contact (S1-2, S1-3, S1-6, S1-8).

In contact; from WARNED_AFTER on warned, as the device itself warns then; from DEACTIVATED_AFTER on, to the second,
deactivated. One contact brings it back. Nothing of this is stored.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

DEACTIVATED_AFTER: Final = timedelta(days=8)
WARNED_AFTER: Final = timedelta(days=5)
NOTED_EVERY: Final = timedelta(hours=1)
"""A contact that tells nothing but that it was one is noted this often at most."""


class ContactState(StrEnum):
    """How a device stands."""

    IN_CONTACT = "in_contact"
    WARNED = "warned"
    DEACTIVATED = "deactivated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """The last contact of a device, and what its last check-in said; nothing of the kind before the first one.

    `clock_skew_seconds` is how far its clock was ahead of ours. Seats in use are by component code.
    """

    device_id: str
    organization_id: str
    last_contact_at: datetime
    checked_in_at: datetime | None = None
    software_version: str | None = None
    clock_skew_seconds: int | None = None
    seats_in_use: Mapping[str, int] = field(default_factory=dict)
    registers: tuple[Mapping[str, Any], ...] = ()

    @property
    def warned_at(self) -> datetime:
        """From when on it is warned, unless there is a contact before."""
        return self.last_contact_at + WARNED_AFTER

    @property
    def deactivated_at(self) -> datetime:
        """From when on it is deactivated, unless there is a contact before."""
        return self.last_contact_at + DEACTIVATED_AFTER

    def state(self, now: datetime) -> ContactState:
        """Judge at the instant `now` (aware)."""
        if now >= self.deactivated_at:
            return ContactState.DEACTIVATED
        return ContactState.WARNED if now >= self.warned_at else ContactState.IN_CONTACT


def last_contacts_of(state: ContactState, now: datetime) -> tuple[datetime | None, datetime | None]:
    """Give after which and up to which instant the last contacts of devices in `state` were; None is no limit."""
    dark, warned = now - DEACTIVATED_AFTER, now - WARNED_AFTER
    return {
        ContactState.IN_CONTACT: (warned, None),
        ContactState.WARNED: (dark, warned),
        ContactState.DEACTIVATED: (None, dark),
    }[state]


def worth_noting(last_contact_at: datetime | None, now: datetime) -> bool:
    """Tell whether a contact now is to be written down, when it tells nothing else."""
    return last_contact_at is None or now - last_contact_at >= NOTED_EVERY
