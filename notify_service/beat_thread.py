"""Beat inside a worker, as a thread: `celery -A notify_service.worker worker --beat-thread` (F12).

Celery's own `--beat` forks a second process as large as the first. Any number of workers may have a beat: one of them
holds the lease (notify_service/schedule.py).
"""

from __future__ import annotations

import logging
from threading import Thread
from typing import TYPE_CHECKING, Any, Final

from celery.beat import Service
from celery.bootsteps import StartStopStep
from celery.worker import state
from click import Option

if TYPE_CHECKING:
    from celery import Celery

LONGEST_SLEEP_SECONDS: Final = 1
"""So long a beat that holds the lease may sleep when it is told to stop; one that does not, has nothing to give up."""

_log = logging.getLogger(__name__)


class _BeatThread(Thread):
    def __init__(self, celery: Celery) -> None:
        super().__init__(name="beat", daemon=True)
        scheduler = celery.conf.beat_scheduler
        self._service = Service(celery, max_interval=LONGEST_SLEEP_SECONDS, scheduler_cls=scheduler)

    def run(self) -> None:
        try:
            self._service.start()
        except Exception:  # noqa: BLE001 - whatever it is
            # Without beat nothing that waits is taken up: whoever watches the worker starts it anew, with a new beat.
            _log.exception("beat ended; the worker ends with it")
            state.should_terminate = 1

    def stop(self) -> None:
        self._service.stop()
        self.join(2 * LONGEST_SLEEP_SECONDS)

    terminate = stop


class BeatStep(StartStopStep):
    """Starts and ends the thread with the worker, where it is asked for."""

    def __init__(self, worker: Any, *, beat_thread: bool = False, **more: Any) -> None:  # noqa: ANN401 - as Celery makes it
        super().__init__(worker, **more)
        self.enabled = beat_thread

    def create(self, worker: Any) -> _BeatThread:  # noqa: ANN401 - Celery's WorkController
        """Make the thread; Celery starts it."""
        return _BeatThread(worker.app)


def add_beat_thread(celery: Celery) -> None:
    """Give workers of this app the option `--beat-thread`."""
    help_text = "Run beat in this worker, as a thread."
    celery.user_options["worker"].add(Option(["--beat-thread"], is_flag=True, help=help_text))
    celery.steps["worker"].add(BeatStep)
