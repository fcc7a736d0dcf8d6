"""Beat's call, every minute: see who uses more than is owned, if that is due."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from notify_service.actions.run_scan import run_scan
from notify_service.actions.scan_over_counts import scan_over_counts

if TYPE_CHECKING:
    from celery import Celery

    from notify_service.actions.calendar_parts import CalendarParts

SCAN_OVER_COUNTS_TASK_NAME: Final = "notify_service.scan_over_counts"


def add_scan_over_counts(celery: Celery, parts: CalendarParts) -> None:
    """Add the task. It is acknowledged as it begins: another call comes anyway, and a long one must not come twice."""

    @celery.task(name=SCAN_OVER_COUNTS_TASK_NAME, shared=False, acks_late=False)
    def scan() -> None:
        run_scan(parts, "scan_over_counts", scan_over_counts)
