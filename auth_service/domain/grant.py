"""A grant: one authorization of one device, the family of its refresh tokens (RFC 6749 §1.5, RFC 9700 §4.14).

A family has one live refresh token. Using it makes its successor the live one. What comes after that is judged here,
and nowhere else:

- the live token: it is rotated;
- its direct predecessor, within RACE_SECONDS of its use, by the same device: the answer was lost on the way, and is
  given again. The use of the successor closes this for good;
- an older one that was used within RACE_SECONDS: it lost a race, and harms nobody;
- one that is newer than the live one: it was issued after the copy of the database that was restored since. It is
  refused, and ends nothing;
- anything else that we once issued: reuse. Two parties hold this family, and nobody can tell which is the thief
  (T23): it ends.

The device code stands at generation -1, so that the answer to a redeem can be lost like any other (T25).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from wire.end_reason import EndReason

if TYPE_CHECKING:
    from datetime import datetime

    from auth_service.domain.device import Device
    from wire.entitlement import Entitlement

ACCESS_TOKEN_SECONDS: Final = 600
LICENSE_TOKEN_SECONDS: Final = 8 * 24 * 3600
"""Last contact + 8 days is the Token Expiry (S1-2, S3-25)."""

GRANT_SECONDS: Final = 5 * 365 * 24 * 3600
"""After five years, about the life of the machine, somebody authorizes the device again (T26)."""

ENTITLEMENT_FRESH_SECONDS: Final = 60
"""How old what license_service said may be before it is asked again."""

RACE_SECONDS: Final = 30
"""How long after its use a token may come again: its answer was lost, or it lost a race. Later, it is reuse."""

MOST_USES: Final = 16
"""How many uses are remembered; a family that is turned faster than this has no excuse."""

DEVICE_CODE_GENERATION: Final = -1


class Verdict(StrEnum):
    """What is done with a token that a client shows."""

    ROTATE = "rotate"
    GIVE_AGAIN = "give_again"
    LOST_RACE = "lost_race"
    REUSED = "reused"
    FOREIGN_KEY = "foreign_key"
    """The live token, shown by who does not hold the device's key: a thief, and a harmless one (RFC 9449 §5)."""
    NEWER = "newer"
    """Newer than the live one: the table was brought back from a copy (F32). Nobody used anything twice."""


@dataclass(frozen=True, slots=True)
class Family:
    """How far a family has been turned, and when each token that was used of late was used.

    `uses` goes backwards: its first is the use of the live token's predecessor, the second that of the one before.
    """

    generation: int
    uses: tuple[datetime, ...]

    @property
    def rotated_at(self) -> datetime:
        """Give when the live token was made."""
        return self.uses[0]

    def judge(self, presented: int, *, same_key: bool, now: datetime) -> Verdict:
        """Judge a token of this family by its generation."""
        age = self.generation - presented
        if age == 0:
            return Verdict.ROTATE if same_key else Verdict.FOREIGN_KEY
        if age < 0:
            return Verdict.NEWER
        if not same_key or age > len(self.uses) or not _within_a_race(self.uses[age - 1], now):
            return Verdict.REUSED
        return Verdict.GIVE_AGAIN if age == 1 else Verdict.LOST_RACE

    def rotated(self, now: datetime) -> Family:
        """Give the family after the use of its live token."""
        recent = [used_at for used_at in self.uses if _within_a_race(used_at, now)]
        return Family(generation=self.generation + 1, uses=(now, *recent[: MOST_USES - 1]))


def new_family(now: datetime) -> Family:
    """Give the family of a device code that was redeemed just now."""
    return Family(generation=DEVICE_CODE_GENERATION + 1, uses=(now,))


def _within_a_race(used_at: datetime, now: datetime) -> bool:
    return (now - used_at).total_seconds() <= RACE_SECONDS


@dataclass(frozen=True, slots=True)
class Grant:
    """A live grant with all that its next tokens say."""

    id: str
    client_id: str
    scope: str
    device: Device
    organization_name: str
    entitlement: Entitlement
    status_index: int
    dpop_jkt: str | None = None
    """The thumbprint of the device's key (RFC 9449 §6.1); without one its tokens are bearer tokens."""
    group_password_generation: int | None = None
    """Of a site that connected by the Group Password: which one it knew (S1-20). None for the device flow."""

    def is_same_key(self, dpop_jkt: str | None) -> bool:
        """Tell whether who shows this key, or none, may act as the device."""
        return self.dpop_jkt is None or self.dpop_jkt == dpop_jkt


@dataclass(frozen=True, slots=True)
class KeptGrant:
    """A grant as it is stored, live or ended."""

    grant: Grant
    family: Family
    refresh_token_digest: str
    predecessor_digest: str
    successor_seed: str | None
    expires_at: datetime
    ended_reason: str | None
    group_password_generation: int = 0
    """That of the organization's Group Password now."""

    @property
    def is_group_password_changed(self) -> bool:
        """Tell whether the site must enter the new Group Password first; nothing has ended (S1-20, S1-21)."""
        return self.grant.group_password_generation not in {None, self.group_password_generation}

    def end_reason(self, now: datetime) -> str | None:
        """Give why it has ended, or None while it is live."""
        if self.ended_reason is None and now >= self.expires_at:
            return EndReason.EXPIRED
        return self.ended_reason


def is_fresh(entitlement: Entitlement, now: datetime) -> bool:
    """Tell whether what license_service said is recent enough to issue tokens from."""
    age = (now - entitlement.stated_at).total_seconds()
    return -ENTITLEMENT_FRESH_SECONDS <= age <= ENTITLEMENT_FRESH_SECONDS
