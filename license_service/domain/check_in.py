"""When a device is to check in again, and for how long it is remembered that it did (S1-9).

Once a day, so that seven may fail before the eighth day. The times are spread: by an hour to either side when few check
in, and by up to six hours, in proportion, the more did within the last minute. A fleet that comes back at once after an
outage, or begins its day together, is so taken apart within a day or two.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import datetime

    from wire.check_in import CheckInReport

KEPT: Final = timedelta(days=90)
"""How long a check-in stays in the history."""

LOAD_WINDOW: Final = timedelta(minutes=1)
FULL_LOAD: Final = 1000
"""From so many check-ins within LOAD_WINDOW on, times are spread as far as they ever are."""

_EVERY_SECONDS: Final = 24 * 3600
_NARROWEST_SECONDS: Final = 3600
_WIDEST_SECONDS: Final = 6 * 3600


@dataclass(frozen=True, slots=True)
class CheckIn:
    """What a device of an organization reported, and when, by our clock."""

    device_id: str
    organization_id: str
    at: datetime
    report: CheckInReport

    @property
    def clock_skew_seconds(self) -> int:
        """How far the device's clock is ahead of ours, in whole seconds; negative when it is behind."""
        return round((self.report.device_time - self.at).total_seconds())


def next_check_in_after(chance: float, recent: int) -> int:
    """Give in how many seconds to come again. `chance` is a random number from 0 to 1, `recent` the load."""
    load = min(recent, FULL_LOAD) / FULL_LOAD
    spread = _NARROWEST_SECONDS + (_WIDEST_SECONDS - _NARROWEST_SECONDS) * load
    return _EVERY_SECONDS + round((2 * chance - 1) * spread)
