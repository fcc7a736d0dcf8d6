"""Beat's call, every few seconds: take up what waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from notify_service.actions.redrive_notifications import redrive_notifications

if TYPE_CHECKING:
    from celery import Celery

    from notify_service.actions.post_office import PostOffice

REDRIVE_TASK_NAME: Final = "notify_service.redrive_notifications"
REDRIVE_QUEUE: Final = "notification_redrives"
"""Its own queue, so that a long queue of new messages does not hold up what has waited longer."""


def add_redrive_notifications(celery: Celery, office: PostOffice) -> None:
    """Add the task."""

    @celery.task(name=REDRIVE_TASK_NAME, shared=False)
    def redrive() -> None:
        redrive_notifications(office)
