"""What beat calls, and how often."""

from __future__ import annotations

from typing import Any, Final

from notify_service.tasks.redrive_notifications import REDRIVE_QUEUE, REDRIVE_TASK_NAME

REDRIVE_SECONDS: Final = 5

SCHEDULE: Final[dict[str, dict[str, Any]]] = {
    "redrive": {
        "task": REDRIVE_TASK_NAME,
        "schedule": REDRIVE_SECONDS,
        # A call that no worker took in time is worthless: the next one is there.
        "options": {"queue": REDRIVE_QUEUE, "expires": REDRIVE_SECONDS},
    },
}
