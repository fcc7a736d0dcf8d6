"""What beat calls, how often, and which of several beats does.

A beat calls only while it holds the lease in the database: of two one calls, and the other takes over when that one is
gone (F12). A call that comes twice all the same, as when the clocks of two machines disagree, does nothing twice: every
task may be repeated at any time.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from celery.beat import Scheduler

from database.errors import DatabaseUnavailableError
from notify_service.actions.give_up_beat_lease import give_up_beat_lease
from notify_service.actions.hold_beat_lease import BEAT_LEASE_SECONDS, hold_beat_lease
from notify_service.tasks.erase_contents import ERASE_TASK_NAME
from notify_service.tasks.redrive_notifications import REDRIVE_QUEUE, REDRIVE_TASK_NAME
from notify_service.tasks.scan_contacts import SCAN_CONTACTS_TASK_NAME
from notify_service.tasks.scan_over_counts import SCAN_OVER_COUNTS_TASK_NAME
from notify_service.tasks.scan_renewals import SCAN_RENEWALS_TASK_NAME
from notify_service.tasks.write_vendor_digest import VENDOR_DIGEST_TASK_NAME

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from database.engine import Database

REDRIVE_SECONDS: Final = 5
ERASE_SECONDS: Final = 600
STANDBY_SECONDS: Final = 5.0
"""So often a beat that does not hold the lease looks whether it is free."""

CALENDAR_SECONDS: Final = 60

SCHEDULE: Final[dict[str, dict[str, Any]]] = {
    "redrive": {
        "task": REDRIVE_TASK_NAME,
        "schedule": REDRIVE_SECONDS,
        # A call that no worker took in time is worthless: the next one is there.
        "options": {"queue": REDRIVE_QUEUE, "expires": REDRIVE_SECONDS},
    },
    "erase": {
        "task": ERASE_TASK_NAME,
        "schedule": ERASE_SECONDS,
        "options": {"queue": REDRIVE_QUEUE, "expires": ERASE_SECONDS},
    },
}

CALENDAR_SCHEDULE: Final[dict[str, dict[str, Any]]] = {
    # Nearly every call finds nothing due. When a run is due its row knows, so a beat that was away misses none.
    name.removeprefix("notify_service."): {
        "task": name,
        "schedule": CALENDAR_SECONDS,
        "options": {"queue": REDRIVE_QUEUE, "expires": CALENDAR_SECONDS},
    }
    for name in (
        SCAN_RENEWALS_TASK_NAME,
        SCAN_CONTACTS_TASK_NAME,
        SCAN_OVER_COUNTS_TASK_NAME,
        VENDOR_DIGEST_TASK_NAME,
    )
}

_log = logging.getLogger(__name__)


class LeasedScheduler(Scheduler):
    """Celery's scheduler in memory, at rest while another beat holds the lease.

    It keeps nothing: its calls recur so often that a restart loses none that matters.
    """

    def __init__(self, database: Database, now: Callable[[], datetime], *args: Any, **more: Any) -> None:  # noqa: ANN401 - as Celery makes it
        """Make it; `now` tells the time of the lease."""
        self._database = database
        self._utc_now = now
        self._holder = str(uuid4())
        self._held_until: datetime | None = None
        super().__init__(*args, **more)

    def tick(self, *args: Any, **more: Any) -> float:  # noqa: ANN401 - Celery's
        """Call what is due, if it is on us. Gives the seconds until the next tick."""
        if not self._holds():
            return STANDBY_SECONDS
        return float(super().tick(*args, **more))

    def close(self) -> None:
        """End; another beat need not wait for the lease to run out."""
        super().close()
        if self._held_until is not None:
            with suppress(DatabaseUnavailableError):
                give_up_beat_lease(self._database, self._holder, now=self._utc_now())

    def _holds(self) -> bool:
        now = self._utc_now()
        if self._held_until is not None and self._held_until - now > timedelta(seconds=BEAT_LEASE_SECONDS * 2 / 3):
            return True
        held_before = self._held_until is not None
        try:
            self._held_until = hold_beat_lease(self._database, self._holder, now=now)
        except DatabaseUnavailableError:
            # Without the database there is nothing to call for either.
            self._held_until = None
        if held_before is not (self._held_until is not None):
            _log.info("beat: the lease is %s", "lost" if held_before else "ours")
        return self._held_until is not None


def leased_scheduler(database: Database, now: Callable[[], datetime]) -> Callable[..., LeasedScheduler]:
    """Give what Celery takes for its setting `beat_scheduler`."""
    return partial(LeasedScheduler, database, now)
