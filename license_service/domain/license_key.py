"""A license key, and the moves of its status (S3-16, S3-17, S3-20, S3-21).

active ⇄ suspended; active or suspended → revoked; active → replaced. No other moves (MOVES). "Expired" is a matter of
the clock and never stored (domain/renewal.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from license_service.domain.errors import KeyStatusError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from license_service.domain.agreement import Agreement

DEFAULT_RENEWAL_WINDOW_DAYS: Final = 30


class KeyStatus(StrEnum):
    """The stored states."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    REPLACED = "replaced"


MOVES: Final = frozenset(
    {
        (KeyStatus.ACTIVE, KeyStatus.SUSPENDED),
        (KeyStatus.SUSPENDED, KeyStatus.ACTIVE),
        (KeyStatus.ACTIVE, KeyStatus.REVOKED),
        (KeyStatus.SUSPENDED, KeyStatus.REVOKED),
        (KeyStatus.ACTIVE, KeyStatus.REPLACED),
    }
)
"""Every move there is."""

HELD: Final = frozenset({KeyStatus.ACTIVE, KeyStatus.SUSPENDED})
"""The states of a key that its organization still has."""


@dataclass(frozen=True, slots=True)
class OverCountPolicy:
    """What happens once every seat is taken: `percent` more for `days` days; 0 and 0 refuse at once."""

    percent: int = 0
    days: int = 0

    def ends_at(self, over_count_since: datetime | None) -> datetime | None:
        """Give the instant from which on no device more is let sit, None while there is no over-count."""
        return None if over_count_since is None else over_count_since + timedelta(days=self.days)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyTerms:
    """What is sold with a key. `seats` are by component code; `renewal_date` is a day in UTC, None for ever."""

    id_number: str
    profile_code: str
    seats: Mapping[str, int]
    renewal_date: date | None = None
    renewal_window_days: int = DEFAULT_RENEWAL_WINDOW_DAYS
    over_count: OverCountPolicy = OverCountPolicy()


@dataclass(frozen=True, slots=True)
class KeyComponent:
    """How many units of a component a key has, and how many devices sit on them.

    `over_count_since` is the instant from which on more devices have sat than there are seats, None when none do.
    """

    component_code: str
    seats: int
    seats_claimed: int = 0
    over_count_since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenseKey:
    """The record of a license key. `id_number` (ID #) is the customer's label, unique in the organization."""

    id: str
    agreement_id: str
    organization_id: str
    id_number: str
    profile_code: str
    components: tuple[KeyComponent, ...]
    status: KeyStatus
    renewal_date: date | None
    renewal_window_days: int
    over_count: OverCountPolicy
    version: int
    issued_at: datetime
    replaced_by: str | None = None

    def moved_to(self, status: KeyStatus) -> KeyStatus:
        """Give the status if the key can come into it. Raises KeyStatusError."""
        if (self.status, status) not in MOVES:
            raise KeyStatusError
        return status

    def check_held(self) -> None:
        """Raise KeyStatusError when the key was revoked or replaced: then nothing of it changes any more."""
        if self.status not in HELD:
            raise KeyStatusError


@dataclass(frozen=True, slots=True)
class OpenKey:
    """A key that a new device may sit on, as far as its status and its date go."""

    id: str
    over_count: OverCountPolicy


def issued(terms: KeyTerms, agreement: Agreement, *, key_id: str, now: datetime) -> LicenseKey:
    """Make the key that an agreement yields: active, with nobody on its seats."""
    return LicenseKey(
        id=key_id,
        agreement_id=agreement.id,
        organization_id=agreement.organization_id,
        id_number=terms.id_number,
        profile_code=terms.profile_code,
        components=tuple(KeyComponent(code, count) for code, count in sorted(terms.seats.items())),
        status=KeyStatus.ACTIVE,
        renewal_date=terms.renewal_date,
        renewal_window_days=terms.renewal_window_days,
        over_count=terms.over_count,
        version=1,
        issued_at=now,
    )
