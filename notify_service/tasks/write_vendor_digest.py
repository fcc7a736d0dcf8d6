"""Beat's call, every minute: see the numbers of the day, for the vendor's staff, if that is due."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from notify_service.actions.run_scan import run_scan
from notify_service.actions.write_vendor_digest import write_vendor_digest

if TYPE_CHECKING:
    from celery import Celery

    from notify_service.actions.calendar_parts import CalendarParts

VENDOR_DIGEST_TASK_NAME: Final = "notify_service.write_vendor_digest"


def add_write_vendor_digest(celery: Celery, parts: CalendarParts) -> None:
    """Add the task. It is acknowledged as it begins: another call comes anyway, and a long one must not come twice."""

    @celery.task(name=VENDOR_DIGEST_TASK_NAME, shared=False, acks_late=False)
    def scan() -> None:
        run_scan(parts, "write_vendor_digest", write_vendor_digest)
