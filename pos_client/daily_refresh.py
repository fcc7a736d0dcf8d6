"""Refresh the license token once a day whenever there is a connection, without anybody's doing (S3-31, S1-9).

One thread in the process that serves the page. The day is spread by jitter, and so are the tries after a failure, from
a minute to an hour apart: many servers that come back at once do not knock at once (F45).
"""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from random import SystemRandom
from threading import Event, Thread
from typing import TYPE_CHECKING, Final

from pos_client.errors import AuthorizationEndedError, NoContactError, PosClientError

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from pos_client.device_license import DeviceLicense
    from pos_client.device_state import DeviceState

DAY_SECONDS: Final = 86_400.0
JITTER_SECONDS: Final = 7_200.0
FIRST_DELAY_SECONDS: Final = 20.0
SHORTEST_BACK_OFF_SECONDS: Final = 60.0
LONGEST_BACK_OFF_SECONDS: Final = 3_600.0
TICK_SECONDS: Final = 300.0
STOP_SECONDS: Final = 25.0

_log = logging.getLogger(__name__)


class DailyRefresh:
    """Decides when to refresh, and does it."""

    def __init__(
        self,
        device_license: DeviceLicense,
        *,
        random: Random | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._license = device_license
        self._random = random or SystemRandom()
        self._monotonic = monotonic
        self._period = self._draw_period()
        self._not_before = monotonic() + self._random.uniform(0, FIRST_DELAY_SECONDS)
        self._refreshed_at = float("-inf")
        self._failures = 0
        self._stopped = Event()
        self._thread = Thread(target=self._run, name="daily-refresh", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End the thread; a refresh that is under way is finished first, because its answer must not be lost."""
        self._stopped.set()
        self._thread.join(STOP_SECONDS)

    def step(self) -> float:
        """Do what is due now, and give the seconds until the next look."""
        try:
            self._license.record_time()
            state = self._license.state()
            if self._is_due(state):
                self._refresh(state)
        except PosClientError as fault:
            self._back_off(fault)
        except Exception as fault:  # noqa: BLE001 - the edge of the thread, which must outlive a defect
            _log.exception("the daily refresh met a defect")
            self._back_off(fault)
        rest = self._not_before - self._monotonic()
        return min(max(rest, 1.0), TICK_SECONDS) if rest > 0 else TICK_SECONDS

    def _run(self) -> None:
        while not self._stopped.wait(self.step()):
            pass

    def _is_due(self, state: DeviceState) -> bool:
        if state.license is None or state.authorization_ended or state.last_contact_at is None:
            return False
        now = self._monotonic()
        if now < self._not_before:
            return False
        if state.clock.fault is not None:
            # Such a clock cannot tell how long ago the last contact was.
            return now - self._refreshed_at >= self._period
        return (state.clock.now - state.last_contact_at).total_seconds() >= self._period

    def _refresh(self, state: DeviceState) -> None:
        younger = None if state.clock.fault is not None else timedelta(seconds=self._period)
        self._license.refresh(unless_younger_than=younger)
        self._failures = 0
        self._refreshed_at = self._monotonic()
        self._period = self._draw_period()

    def _back_off(self, fault: Exception) -> None:
        self._failures += 1
        seconds = self._draw_back_off()
        if isinstance(fault, NoContactError) and fault.retry_after_seconds is not None:
            seconds = min(max(seconds, fault.retry_after_seconds), LONGEST_BACK_OFF_SECONDS)
        self._not_before = self._monotonic() + seconds
        if not isinstance(fault, AuthorizationEndedError):
            _log.warning("no fresh license token: %s Next try in %d s.", fault, seconds)

    def _draw_period(self) -> float:
        return DAY_SECONDS + self._random.uniform(-JITTER_SECONDS, JITTER_SECONDS)

    def _draw_back_off(self) -> float:
        highest = min(SHORTEST_BACK_OFF_SECONDS * 2 ** min(self._failures, 10), LONGEST_BACK_OFF_SECONDS)
        return self._random.uniform(highest / 2, highest)
