"""Which failures are worth another try, and after how long (RFC 5321 §4.2.1, §4.5.4.1; F33, F35, F36, F37, F38).

- 4yz, or a line that breaks in the middle: try again after 10 s, doubling to 30 min, with jitter, for 4 days.
- 5yz to RCPT TO: the recipient is refused for good. Not so with 552, which means "not now" there (RFC 5321
  §4.5.3.1.10), or when the enhanced code says "security or policy" (5.7.x, RFC 3463 §3.8): then it is not that the
  recipient is unknown.
- That, and 5yz to the content: ours to set right, yet one email must not stop the others; tried again every hour.
- Whatever comes before an email is begun (no connection, greeting, TLS, sign-in), a refused sender, and a code that
  asks for sign-in anywhere: every email would meet it. The email is due again at once and has lost no attempt; a pause
  holds it back (domain/pause.py).
- Content sent and no answer seen: perhaps the email is there already, so the repeat waits 10 minutes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto
from typing import TYPE_CHECKING, Final

from notify_service.domain.errors import (
    EmailRefusedError,
    OutcomeUnknownError,
    OutdatedError,
    RecipientRefusedError,
    ServerMisusedError,
    ServerUnreachableError,
    ServerUnusableError,
    TemporaryRefusalError,
    WorkersLostError,
)
from notify_service.domain.notification import State

if TYPE_CHECKING:
    from datetime import datetime

    from notify_service.domain.errors import DeliveryError

FIRST_WAIT: Final = timedelta(seconds=10)
LONGEST_WAIT: Final = timedelta(minutes=30)
UNKNOWN_OUTCOME_WAIT: Final = timedelta(minutes=10)
REFUSED_EMAIL_WAIT: Final = timedelta(hours=1)
GIVE_UP_AFTER: Final = timedelta(days=4)
LONGEST_ANSWER: Final = 200

_DOUBLINGS: Final = 16  # More would only make a number that LONGEST_WAIT cuts anyway.
_ASKS_FOR_SIGN_IN: Final = frozenset({530, 534, 535, 538})
_TOO_MANY_RECIPIENTS: Final = 552
_BY_POLICY: Final = re.compile(r"\A5\.7\.")


class Phase(Enum):
    """The part of the SMTP dialogue that a reply answers."""

    GREETING = auto()
    TLS = auto()
    SIGN_IN = auto()
    SENDER = auto()
    RECIPIENT = auto()
    CONTENT = auto()


_FOR_GOOD: Final = (RecipientRefusedError, WorkersLostError)
_BEFORE_AN_EMAIL: Final = frozenset({Phase.GREETING, Phase.TLS, Phase.SIGN_IN})


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
        return ServerUnreachableError(said) if phase in _BEFORE_AN_EMAIL else TemporaryRefusalError(said)
    if phase in _BEFORE_AN_EMAIL or phase is Phase.SENDER or code in _ASKS_FOR_SIGN_IN:
        return ServerMisusedError(said)
    if phase is Phase.CONTENT or _BY_POLICY.match(answer):
        return EmailRefusedError(said)
    return TemporaryRefusalError(said) if code == _TOO_MANY_RECIPIENTS else RecipientRefusedError(said)


def verdict_on(fault: DeliveryError, *, attempts: int, asked_at: datetime, now: datetime, jitter: float) -> Verdict:
    """Decide after the attempt number `attempts` (from 1). `jitter` lies in [0, 1) and spreads the waits by half."""
    if isinstance(fault, OutdatedError):
        return Verdict(State.CANCELLED, None)
    if isinstance(fault, _FOR_GOOD) or now - asked_at >= GIVE_UP_AFTER:
        return Verdict(State.FAILED, None)
    if isinstance(fault, ServerUnusableError):
        return Verdict(State.DEFERRED, now)
    wait = min(FIRST_WAIT * 2 ** min(attempts - 1, _DOUBLINGS), LONGEST_WAIT)
    if isinstance(fault, OutcomeUnknownError):
        wait = max(wait, UNKNOWN_OUTCOME_WAIT)
    if isinstance(fault, EmailRefusedError):
        wait = REFUSED_EMAIL_WAIT
    return Verdict(State.DEFERRED, now + wait * (1 + jitter / 2))
