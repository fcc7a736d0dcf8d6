"""Run one part of the calendar when it is due: once at a time, again soon when it could not do all of its work.

Of all parts one runs at a time, so that they take one thread of a worker at most. Beat calls every minute and knows
nothing; the row knows. So a beat that was away catches up with its first call, two
beats run nothing twice, and a worker that died at it holds the next run up for a lease at most.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Final, TypeVar

from notify_service.domain.errors import CalendarError, RunTooLongError
from notify_service.storage import scans

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from notify_service.actions.calendar_parts import CalendarParts

SCAN_EVERY: Final = timedelta(minutes=30)
AGAIN_AFTER: Final = timedelta(minutes=5)
LONGEST_RUN: Final = timedelta(minutes=1)
"""For a run over pages, and for one page: a slow service must not keep a thread from sending emails for long (F39)."""
LEASE: Final = timedelta(minutes=5)
LONGEST_FAULT: Final = 255

Page = TypeVar("Page")

_log = logging.getLogger(__name__)


def run_scan(parts: CalendarParts, name: str, scan: Callable[[CalendarParts], object]) -> bool:
    """Run `scan` if it is due, and tell whether it did all of its work. Raises DatabaseUnavailableError."""
    now = parts.now()
    lease_until = now + LEASE
    with parts.database.reading() as connection:
        if not scans.is_due(connection, name, now):
            return False
    with parts.database.transaction() as connection:
        if not scans.take(connection, name, now=now, lease_until=lease_until):
            return False
    try:
        scan(parts)
    except CalendarError as fault:
        _log.warning("calendar put off", extra={"scan": name, "fault": fault.code, "reason": str(fault)})
        _put_off(parts, name, lease_until=lease_until, fault=fault)
        return False
    with parts.database.transaction() as connection:
        scans.finish(connection, name, lease_until=lease_until, due_at=now + SCAN_EVERY, now=parts.now())
    return True


def in_time(parts: CalendarParts, pages: Iterable[Page]) -> Iterator[Page]:
    """Give pages, or whatever a run goes through, for as long as it may.

    Raises RunTooLongError: the next run finds less to do.
    """
    began = parts.now()
    for page in pages:
        yield page
        if parts.now() - began >= LONGEST_RUN:
            raise RunTooLongError("What is left is for the next run.")


def _put_off(parts: CalendarParts, name: str, *, lease_until: datetime, fault: CalendarError) -> None:
    with parts.database.transaction() as connection:
        scans.put_off(
            connection,
            name,
            lease_until=lease_until,
            due_at=parts.now() + AGAIN_AFTER,
            fault=str(fault)[:LONGEST_FAULT],
        )
