"""The device's clock is not trusted alone (T60, F44).

The highest trusted time seen is kept: the `iat` of signed answers and our own records in between. A clock behind it
counts as that mark. A contact sets the mark anew, also downwards, and notes how far our clock was ahead of the
server's: so a wrong forward jump heals, whether the clock is put right before the contact or after it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import Enum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import datetime

TOLERANCE: Final = timedelta(minutes=5)
"""A difference up to this is not worth a warning."""

RECORD_EVERY: Final = timedelta(minutes=5)
"""How much time may pass unrecorded, and so how much a clock set back may gain at once."""


class ClockFault(Enum):
    """What is wrong with the system clock."""

    BEHIND = "behind"
    AHEAD = "ahead"


@dataclass(frozen=True, slots=True)
class ClockReading:
    """The time to go by, and what is wrong with the system clock, if anything."""

    now: datetime
    fault: ClockFault | None


@dataclass(frozen=True, slots=True)
class ClockMark:
    """The highest trusted time seen, and how far the system clock was ahead at the last contact (0: it was not)."""

    seen_at: datetime
    ahead_seconds: int = 0

    def read(self, system_now: datetime) -> ClockReading:
        """Give the time to go by; never before `seen_at`."""
        corrected = system_now - timedelta(seconds=self.ahead_seconds)
        if corrected >= self.seen_at:
            return ClockReading(corrected, ClockFault.AHEAD if self.ahead_seconds else None)
        if system_now >= self.seen_at:
            # The clock was ahead at the last contact and has been put right since.
            return ClockReading(system_now, None)
        behind = self.seen_at - system_now > TOLERANCE
        return ClockReading(self.seen_at, ClockFault.BEHIND if behind else None)

    def recorded(self, system_now: datetime) -> ClockMark:
        """Give the mark to keep; the same one while less than RECORD_EVERY has passed."""
        now = self.read(system_now).now
        return replace(self, seen_at=now) if now - self.seen_at >= RECORD_EVERY else self


def read_clock(mark: ClockMark | None, system_now: datetime) -> ClockReading:
    """Read the clock; before the first contact there is nothing but the system's."""
    return mark.read(system_now) if mark is not None else ClockReading(system_now, None)


def mark_at_contact(server_now: datetime, system_now: datetime) -> ClockMark:
    """Give the mark after a signed answer that was made at `server_now`."""
    ahead = system_now - server_now
    return ClockMark(server_now, int(ahead.total_seconds()) if ahead > TOLERANCE else 0)
