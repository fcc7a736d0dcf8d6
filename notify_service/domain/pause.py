"""A pause: the mail server can be used by nobody, so emails wait and keep their attempts (F33, F38).

One email at a time finds out whether it can be used again; the first that gets in ends the pause. Whoever runs the
service is told once for each kind of fault: at once where something is to be set right, after ten minutes where the
server is only away.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import datetime

    from notify_service.domain.errors import ServerUnusableError

PROBE_SECONDS: Final = 60
"""So long one probe keeps others back; most are over much sooner. If its worker dies, this is what it costs."""

AWAY_WAIT: Final = timedelta(seconds=5)
LONGEST_AWAY_WAIT: Final = timedelta(seconds=30)
MISUSED_WAIT: Final = timedelta(seconds=30)
LONGEST_MISUSED_WAIT: Final = timedelta(minutes=15)
"""A sign-in that is refused too often may get us locked out."""

TOLD_AFTER: Final = timedelta(minutes=10)

_DOUBLINGS: Final = 16


@dataclass(frozen=True, slots=True)
class Pause:
    """`fault` is the code of what began it, or of what the last probe met; `answer` says it to people."""

    since: datetime
    fault: str
    answer: str
    probes: int
    next_probe_at: datetime
    told_at: datetime | None = None


def probe_wait(fault: ServerUnusableError, probes: int) -> timedelta:
    """Give the wait for the next probe after `probes` that failed."""
    doubled = float(2 ** min(probes, _DOUBLINGS))
    if fault.ours:
        return min(MISUSED_WAIT * doubled, LONGEST_MISUSED_WAIT)
    return min(AWAY_WAIT * doubled, LONGEST_AWAY_WAIT)


def is_to_be_told(fault: ServerUnusableError, *, since: datetime, now: datetime) -> bool:
    """Tell whether those who run the service should know by now."""
    return fault.ours or now - since >= TOLD_AFTER
