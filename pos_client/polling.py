"""How fast we poll the token endpoint: interval arithmetic, apart from waiting (RFC 8628 §3.2, §3.5)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from wire.polling_interval import DEFAULT_INTERVAL_SECONDS, SLOW_DOWN_SECONDS

if TYPE_CHECKING:
    from datetime import datetime

LONGEST_BACK_OFF_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class PollingPace:
    """The interval in force, and when the last poll was answered or given up; None before the first."""

    interval_seconds: int = DEFAULT_INTERVAL_SECONDS
    last_polled_at: datetime | None = None

    def seconds_to_wait(self, now: datetime) -> float:
        """Give how long to wait before the next poll; the first may come at once.

        Never more than the interval, even when the clock was set back since.
        """
        if self.last_polled_at is None:
            return 0.0
        passed = max(0.0, (now - self.last_polled_at).total_seconds())
        return max(0.0, self.interval_seconds - passed)

    def after_pending(self, now: datetime) -> PollingPace:
        """`authorization_pending`: the interval stays."""
        return replace(self, last_polled_at=now)

    def after_slow_down(self, now: datetime) -> PollingPace:
        """`slow_down`: 5 seconds more, for this and all later polls (§3.5)."""
        return PollingPace(self.interval_seconds + SLOW_DOWN_SECONDS, now)

    def after_timeout(self, now: datetime) -> PollingPace:
        """No answer in time: "exponential backoff … such as doubling the polling interval" (§3.5).

        Doubling ends at a minute, so that a code does not die of our waiting; it never shortens an interval.
        """
        doubled = min(2 * self.interval_seconds, max(LONGEST_BACK_OFF_SECONDS, self.interval_seconds))
        return PollingPace(doubled, now)
