"""One email to one recipient, from the queue to the recipient's mail server.

queued → sending → sent
   │        │ └──→ failed      refused for good, or tried for too long
   │        └────→ deferred → sending → …
   └───→ cancelled ←──┘        what it says is true no longer

What comes in over a limit is deferred or held (domain/limit.py).

`sending` is held by a lease: when it runs out without an answer, the worker is dead and anybody may take it again. An
operator may have what is failed, held or deferred sent now, for as long as its content is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

LEASE_SECONDS: Final = 10.0
"""A killed worker's email is sent by another after this long. A living worker renews its lease."""

CALM_LOSSES: Final = 4
LONGEST_LEASE_SECONDS: Final = 1800.0

MOST_LOSSES: Final = 10
"""A worker may die over any email; one that so many died over ends workers, and is given up (F24)."""

CONTENT_KEPT: Final = timedelta(days=7)
"""What an email says is erased once it is sent; of one that was given up, this long after it was last asked for."""

LEFT_LYING_SECONDS: Final = 10
"""A row that is still queued after this long has lost the worker that wrote it down."""


class State(StrEnum):
    """Where a notification stands."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DEFERRED = "deferred"
    FAILED = "failed"
    CANCELLED = "cancelled"
    HELD = "held"
    """Over a limit, and of no use later: nobody gets it unless an operator says so."""


@dataclass(frozen=True, slots=True)
class Notification:
    """A row of the ledger.

    `sealed` is None once it is sent or cancelled; of one that failed or is held, a week after it was asked for. It
    counts for the limits at `counted_at`, if it does. `resent_at` is when an operator last had it sent again.

    `leases` counts the leases taken, so it also names one; `lost_leases` those that ran out. `attempts` counts those
    that tell something about this email: what ended at a server that nobody can use is given back. `fault` is the code
    of the last DeliveryError. `about` is the occasion of an email that the calendar wrote.
    """

    id: str
    template: str
    queue: str
    organization_id: str | None
    recipient: str
    sealed: str | None
    state: State
    leases: int
    lost_leases: int
    attempts: int
    message_id: str
    lease_until: datetime | None
    next_attempt_at: datetime | None
    fault: str | None
    smtp_answer: str | None
    created_at: datetime
    sent_at: datetime | None
    about: str | None = None
    counted_at: datetime | None = None
    resent_at: datetime | None = None

    @property
    def resendable(self) -> bool:
        """Whether an operator may have it sent again: it was not sent, is not about to be, and is still kept."""
        return self.state in {State.DEFERRED, State.FAILED, State.HELD} and self.sealed is not None

    @property
    def asked_at(self) -> datetime:
        """When it was last asked for: patience with it begins anew when an operator has it sent again."""
        return self.resent_at or self.created_at


@dataclass(frozen=True, slots=True)
class RefusedAddress:
    """An address that a mail server refused for good (F36), and in which words."""

    address: str
    since: datetime
    answer: str


@dataclass(frozen=True, slots=True)
class SetAsideMessage:
    """A queue message that could not be used, and why (F24, F48). `id` is what it called itself, cut short."""

    id: str
    reason: str
    received_at: datetime


def lease_seconds(lost_leases: int, shortest: float = LEASE_SECONDS) -> float:
    """Give the length of a lease. An email that keeps ending its worker must not do so every few seconds (F24)."""
    doublings = min(max(lost_leases - CALM_LOSSES, 0), 16)
    return min(shortest * float(2**doublings), LONGEST_LEASE_SECONDS)


def message_id_of(notification_id: UUID, sender: str) -> str:
    """Give the Message-ID of a notification (RFC 5322 §3.6.4): the same for every copy, so mail programs show one."""
    return f"<{notification_id}@{sender.rpartition('@')[2]}>"


def redacted(recipient: str) -> str:
    """Give an address that its owner recognises and nobody else can use: o***@example.com."""
    local, _, domain = recipient.rpartition("@")
    return f"{local[:1]}***@{domain}"
