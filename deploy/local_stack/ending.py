"""Ctrl-C, SIGTERM and SIGHUP end the stack: they interrupt its waiting, never its work."""

from __future__ import annotations

import os
import select
import signal
import time
from typing import TYPE_CHECKING, Final, Self

from deploy.local_stack.errors import EndRequestedError

if TYPE_CHECKING:
    from types import FrameType

_ENDING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Ending:
    """A context in which `pause` waits, wakes when a child ends, and raises once when the end is asked for."""

    def __init__(self) -> None:
        self._asked_by: signal.Signals | None = None
        self._is_told = False

    def __enter__(self) -> Self:
        self._wakes, self._wake = os.pipe()
        os.set_blocking(self._wakes, False)
        os.set_blocking(self._wake, False)
        signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        for number in (*_ENDING, signal.SIGCHLD):
            signal.signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        # Late signals find nothing left to end; the process exits now.
        for number in _ENDING:
            signal.signal(number, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.set_wakeup_fd(-1)
        os.close(self._wakes)
        os.close(self._wake)

    def pause(self, seconds: float) -> None:
        """Wait. Raises EndRequestedError, the first time only: the clean-up that follows may wait as well."""
        if self._asked_by is None and select.select([self._wakes], [], [], seconds)[0]:
            os.read(self._wakes, 4096)
        if self._is_told:
            time.sleep(seconds)
        elif self._asked_by is not None:
            self._is_told = True
            raise EndRequestedError(self._asked_by.name)

    def _note(self, number: int, _frame: FrameType | None) -> None:
        if number != signal.SIGCHLD and self._asked_by is None:
            self._asked_by = signal.Signals(number)
