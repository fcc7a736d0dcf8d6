"""Which failures are worth another try, and after how long (RFC 5321 §4.2.1, §4.5.4.1; F33, F35, F36, F37, F38).

- Nobody answers, or 4yz: try again after 10 s, doubling to 30 min, with jitter, for 4 days.
- 5yz to RCPT TO: the recipient is refused for good. Not so when the enhanced code says "security or policy" (5.7.x,
  RFC 3463 §3.8) or the code asks for sign-in (530, 535, 538): then it is we who are refused.
- Any other 5yz, TLS or sign-in trouble: ours to set right; the email waits and is not burned.
- Content sent and no answer seen: perhaps the email is there already, so the repeat waits 10 minutes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto
from typing import TYPE_CHECKING, Final

from notify_service.domain.errors import (
    OutcomeUnknownError,
    RecipientRefusedError,
    ServerMisusedError,
    TemporaryRefusalError,
)
from notify_service.domain.notification import State

if TYPE_CHECKING:
    from datetime import datetime

    from notify_service.domain.errors import (
        DeliveryError,
    )

FIRST_WAIT: Final = timedelta(seconds=10)
LONGEST_WAIT: Final = timedelta(minutes=30)
UNKNOWN_OUTCOME_WAIT: Final = timedelta(minutes=10)
GIVE_UP_AFTER: Final = timedelta(days=4)
LONGEST_ANSWER: Final = 200

_DOUBLINGS: Final = 16  # More would only make a number that LONGEST_WAIT cuts anyway.
_ASKS_FOR_SIGN_IN: Final = frozenset({530, 535, 538})
_OURS_BY_POLICY: Final = re.compile(r"\A5\.7\.")


class Phase(Enum):
    """The part of the SMTP dialogue that a reply answers."""

    GREETING = auto()
    TLS = auto()
    SIGN_IN = auto()
    SENDER = auto()
    RECIPIENT = auto()
    CONTENT = auto()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a notification after a failed attempt; `next_attempt_at` is None when there is none."""

    state: State
    next_attempt_at: datetime | None


def fault_of_reply(phase: Phase, code: int, answer: str) -> DeliveryError:
    """Tell what a reply other than success means."""
    # What a server says about a sign-in may repeat what was sent; its number is enough.
    said = str(code) if phase is Phase.SIGN_IN else f"{code} {answer}"[:LONGEST_ANSWER].strip()
    if not 500 <= code <= 599:
        return TemporaryRefusalError(said)
    refuses_us = code in _ASKS_FOR_SIGN_IN or _OURS_BY_POLICY.match(answer)
    if phase is Phase.RECIPIENT and not refuses_us:
        return RecipientRefusedError(said)
    return ServerMisusedError(said)


def verdict_on(fault: DeliveryError, *, attempts: int, created_at: datetime, now: datetime, jitter: float) -> Verdict:
    """Decide after the attempt number `attempts` (from 1). `jitter` lies in [0, 1) and spreads the waits by half."""
    if isinstance(fault, RecipientRefusedError) or now - created_at >= GIVE_UP_AFTER:
        return Verdict(State.FAILED, None)
    wait = min(FIRST_WAIT * 2 ** min(attempts - 1, _DOUBLINGS), LONGEST_WAIT) * (1 + jitter / 2)
    if isinstance(fault, OutcomeUnknownError):
        wait = max(wait, UNKNOWN_OUTCOME_WAIT)
    return Verdict(State.DEFERRED, now + wait)
