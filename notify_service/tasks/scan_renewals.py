"""Beat's call, every minute: see which license keys are to be renewed, or have expired, if that is due."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from notify_service.actions.run_scan import run_scan
from notify_service.actions.scan_renewals import scan_renewals

if TYPE_CHECKING:
    from celery import Celery

    from notify_service.actions.calendar_parts import CalendarParts

SCAN_RENEWALS_TASK_NAME: Final = "notify_service.scan_renewals"


def add_scan_renewals(celery: Celery, parts: CalendarParts) -> None:
    """Add the task. It is acknowledged as it begins: another call comes anyway, and a long one must not come twice."""

    @celery.task(name=SCAN_RENEWALS_TASK_NAME, shared=False, acks_late=False)
    def scan() -> None:
        run_scan(parts, "scan_renewals", scan_renewals)
