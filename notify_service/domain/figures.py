"""How sending stands, in numbers: for the status page, the API, the commands and the metrics alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from notify_service.domain.notification import State
    from notify_service.domain.pause import Pause

SENT_WITHIN_SECONDS: Final = (1, 2, 5, 10, 30, 60, 300, 1_800, 7_200, 86_400)
"""The bounds of the histogram of times to sent."""


@dataclass(frozen=True, slots=True)
class QueueFigures:
    """One queue's emails in the ledger.

    `sent_within` counts, for each bound of SENT_WITHIN_SECONDS, those that were sent within it; `seconds_to_sent` is
    the sum over all. Sent times count from when an email was last asked for. `oldest_waiting_at` is when the oldest
    of those that wait was asked for; `due_since` since when one could have been tried that was not.
    """

    states: Mapping[State, int]
    attempts: int
    sent_within: Sequence[int]
    seconds_to_sent: float
    oldest_waiting_at: datetime | None
    due_since: datetime | None


@dataclass(frozen=True, slots=True)
class Figures:
    """How all sending stands at one instant. `set_aside` counts queue messages, `refused_addresses` marks."""

    at: datetime
    queues: Mapping[str, QueueFigures]
    pause: Pause | None
    set_aside: int
    refused_addresses: int

    def count(self, state: State) -> int:
        return sum(queue.states[state] for queue in self.queues.values())

    @property
    def overdue_seconds(self) -> float:
        """For how long an email could have been tried and was not, on whichever queue."""
        return max(self.seconds_since(queue.due_since) for queue in self.queues.values())

    def seconds_since(self, instant: datetime | None) -> float:
        """Give the age of what began then; nothing is 0 seconds old."""
        return 0.0 if instant is None else max(0.0, (self.at - instant).total_seconds())
