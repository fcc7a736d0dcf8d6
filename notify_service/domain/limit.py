"""How many emails one address, one organization and all together may get (T54).

Whatever makes a service of ours ask for emails (a form that anybody may fill in, a defect, a stolen sender's key),
nobody is buried in them.

- An email that goes over a limit waits until it fits in, and says so.
- One that is worthless by then, or that a stranger can have sent to any address, does not wait: it is held. Nobody gets
  it unless an operator says so, and it counts for no limit, so that a flood makes nobody wait the longer.
- Two addresses of one mailbox count as one: `Ann+1@shop.example` is `ann@shop.example`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from notify_service.domain.notification import State
from notify_service.domain.retry import GIVE_UP_AFTER

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

OVER_LIMIT: Final = "over_limit"
"""The `fault` of a notification that waits or is held for a limit."""

VERIFICATION_TEMPLATES: Final = frozenset(
    {"verify_address", "activate_group", "license_code", "already_registered", "password_changed"}
)
"""They may be asked for again and again, and their links and codes are good for a few hours at most."""

NEVER_LATE: Final = frozenset({"verify_address", "activate_group", "already_registered"})
"""Those of them that are held when there are too many: the first two are dead by then, and a stranger causes all."""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` emails in any `window`. `counted` says which of them, for people."""

    most: int
    window: timedelta
    counted: str

    def told(self) -> str:
        hours = round(self.window / timedelta(hours=1))
        return f"Over the limit of {self.most} {self.counted} in {hours} {'hour' if hours == 1 else 'hours'}"


@dataclass(frozen=True, slots=True)
class Limits:
    """All limits of one installation."""

    # No less than auth_service lets be asked for: it tells the asker, and the link of the email before is dead by then.
    verification: Limit = Limit(10, timedelta(hours=6), "emails of this kind to this address")
    address: Limit = Limit(200, timedelta(hours=24), "emails to this address")
    organization: Limit = Limit(2_000, timedelta(hours=24), "emails for this organization")
    overall: Limit = Limit(20_000, timedelta(hours=1), "emails on this queue")


LIMITS: Final = Limits()
"""Those of an installation that sets none."""


@dataclass(frozen=True, slots=True)
class Crossed:
    """A limit that is reached: `since` is the instant of the oldest email that fills it."""

    limit: Limit
    since: datetime

    @property
    def free_at(self) -> datetime:
        return self.since + self.limit.window


@dataclass(frozen=True, slots=True)
class Admission:
    """What becomes of a notification that comes in. It counts for the limits at `counted_at`, if it does."""

    state: State
    counted_at: datetime | None
    next_attempt_at: datetime | None = None
    reason: str | None = None


def admit(template: str, crossed: Iterable[Crossed], now: datetime) -> Admission:
    """Decide on one notification; `crossed` are the limits that it would go over."""
    longest = max(crossed, key=lambda one: one.free_at, default=None)
    if longest is None or longest.free_at <= now:
        return Admission(State.QUEUED, now)
    told = longest.limit.told()
    if template in NEVER_LATE or longest.free_at - now >= GIVE_UP_AFTER:
        return Admission(State.HELD, None, reason=f"{told}: held.")
    return Admission(State.DEFERRED, longest.free_at, longest.free_at, f"{told}: waits.")


def mailbox_of(address: str) -> str:
    """Give the mailbox that an address leads to at nearly every provider: case and what follows a plus are nothing."""
    local, _, domain = address.lower().rpartition("@")
    return f"{local.partition('+')[0] or local}@{domain}"
