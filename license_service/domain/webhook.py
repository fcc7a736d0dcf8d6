"""Where events are sent, how each delivery stands, and when it is tried again (Standard Webhooks).

Tried at once, then after waits that grow from seconds to half a day: MOST_ATTEMPTS in about three days. An endpoint
that fails is left alone for a while, for as long as it asks (Retry-After) within limits, and one that took nothing for
days is disabled.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import datetime

    from license_service.domain.event import EventKind

MOST_ATTEMPTS: Final = 13
FIRST_WAIT_SECONDS: Final = 5
LONGEST_WAIT_SECONDS: Final = 12 * 60 * 60
LONGEST_PAUSE_SECONDS: Final = 300
FAILURES_UNTIL_DISABLED: Final = 50
DAYS_UNTIL_DISABLED: Final = 3
BOTH_SECRETS: Final = timedelta(days=1)
"""How long the secret before the present one signs too."""


class EndpointStatus(StrEnum):
    """A disabled endpoint is sent nothing, and no event is noted for it."""

    ENABLED = "enabled"
    DISABLED = "disabled"


class DisabledReason(StrEnum):
    """Why an endpoint is disabled."""

    BY_HAND = "by_hand"
    GONE = "gone"
    """It answered 410."""
    FAILING = "failing"
    """It took nothing for DAYS_UNTIL_DISABLED days."""


class DeliveryStatus(StrEnum):
    """pending → delivered; pending → failed; either → pending, when it is asked for again."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class SealedSecrets:
    """What an endpoint's deliveries are signed with, sealed. The former one signs until its time is over."""

    present: str = field(repr=False)
    former: str | None = field(default=None, repr=False)
    former_until: datetime | None = None

    def in_use(self, now: datetime) -> list[str]:
        """Give those that sign now, the present one first."""
        if self.former is None or self.former_until is None or self.former_until <= now:
            return [self.present]
        return [self.present, self.former]


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointTerms:
    """What is asked for: which kinds of event are sent where."""

    url: str
    event_kinds: tuple[EventKind, ...]
    description: str = ""
    status: EndpointStatus = EndpointStatus.ENABLED


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEndpoint(EndpointTerms):
    """The record of an endpoint. `failing_since` is the first of the `failures` that no success came after."""

    id: str
    secrets: SealedSecrets
    version: int
    created_at: datetime
    disabled_reason: DisabledReason | None = None
    disabled_at: datetime | None = None
    failures: int = 0
    failing_since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookDelivery:
    """One event on its way to one endpoint. `last_outcome` is a word of ours: never what the other side said."""

    event_id: str
    endpoint_id: str
    event_kind: EventKind
    status: DeliveryStatus
    attempts: int
    created_at: datetime
    next_attempt_at: datetime | None = None
    last_attempt_at: datetime | None = None
    last_outcome: str | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of one attempt, in a word of ours, and for how long the receiver asks to be left alone, if it does."""

    outcome: str
    retry_after: timedelta = timedelta(0)


def wait_after(attempts: int, jitter: float, asked: timedelta = timedelta(0)) -> timedelta | None:
    """Give how long to wait after that many attempts, None when it is over; `jitter`, 0 to 1, is 80 to 120 %.

    No less than the receiver asked for, within the longest wait there is.
    """
    if attempts >= MOST_ATTEMPTS:
        return None
    seconds = min(FIRST_WAIT_SECONDS * 4 ** (attempts - 1), LONGEST_WAIT_SECONDS)
    return max(timedelta(seconds=seconds * (0.8 + 0.4 * jitter)), _within_limits(asked))


def pause_after(failures: int, asked: timedelta = timedelta(0)) -> timedelta:
    """Give how long an endpoint is left alone after that many failures in a row, whatever else waits for it."""
    return max(timedelta(seconds=min(2 ** min(failures, 10), LONGEST_PAUSE_SECONDS)), _within_limits(asked))


def _within_limits(asked: timedelta) -> timedelta:
    return min(asked, timedelta(seconds=LONGEST_WAIT_SECONDS))


def is_lost(failures: int, failing_since: datetime, now: datetime) -> bool:
    """Tell whether an endpoint has failed for so long that it is to be disabled.

    Not by days alone: a quiet endpoint that refuses one event is not lost. Not by the number alone: an hour without it
    in a busy time is no reason.
    """
    return failures >= FAILURES_UNTIL_DISABLED and now - failing_since >= timedelta(days=DAYS_UNTIL_DISABLED)
