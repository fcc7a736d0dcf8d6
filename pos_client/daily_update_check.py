"""Ask once a day whether there is an update, so that the page's foot can say so (S1-13).

A thread of its own beside the daily refresh: over plain HTTP anybody may answer a byte at a time, and the license must
not wait for that. The day is spread by jitter. A check that fails is repeated within hours; what was known stays.
"""

from __future__ import annotations

import logging
from random import SystemRandom
from threading import Event, Thread
from typing import TYPE_CHECKING, Final

from pos_client.errors import StateError
from pos_client.update_check import UpdateStatus

if TYPE_CHECKING:
    from random import Random

    from pos_client.update_check import UpdateCheck

DAY_SECONDS: Final = 86_400.0
AGAIN_SECONDS: Final = 7_200.0
FIRST_DELAY_SECONDS: Final = 20.0

_log = logging.getLogger(__name__)


class DailyUpdateCheck:
    """Asks, and says in the log when it cannot be told. The thread ends with its process: nothing of it can be lost."""

    def __init__(self, update_check: UpdateCheck, *, random: Random | None = None) -> None:
        self._update_check = update_check
        self._random = random or SystemRandom()
        self._never = Event()

    def start(self) -> None:
        Thread(target=self._run, name="daily-update-check", daemon=True).start()

    def step(self) -> float:
        """Ask, and give the seconds until the next time."""
        try:
            state = self._update_check.check()
        except StateError as fault:
            _log.warning("no update check: %s", fault)
            return self._jittered(AGAIN_SECONDS)
        if state.status is UpdateStatus.CANNOT_TELL:
            _log.warning("whether there is an update cannot be told: %s", state.reason)
            return self._jittered(AGAIN_SECONDS)
        return self._jittered(DAY_SECONDS)

    def _run(self) -> None:
        seconds = self._random.uniform(0, FIRST_DELAY_SECONDS)
        while not self._never.wait(seconds):
            seconds = self.step()

    def _jittered(self, seconds: float) -> float:
        return self._random.uniform(0.9, 1.1) * seconds
