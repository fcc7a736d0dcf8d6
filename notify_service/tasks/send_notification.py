"""Take one message from the queue: write it down, then send it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from database.errors import DatabaseUnavailableError
from notify_service.actions.receive_notification import ReceivedMessage
from notify_service.actions.take_in_message import take_in_message
from wire.notification_message import TASK_NAME

if TYPE_CHECKING:
    from celery import Celery

    from notify_service.actions.post_office import PostOffice

DATABASE_WAIT_SECONDS: Final = 3


def add_send_notification(celery: Celery, office: PostOffice) -> None:
    """Add the task. While the database is away the message goes back to the queue, for as long as it takes.

    It takes whatever comes: a message of a later version may have more parts, and is set aside all the same (F48).
    """

    @celery.task(
        name=TASK_NAME,
        # Celery would add it to every other app of this process too.
        shared=False,
        autoretry_for=(DatabaseUnavailableError,),
        retry_kwargs={"countdown": DATABASE_WAIT_SECONDS},
        max_retries=None,
    )
    def send_notification(
        version: object = None, notification_id: object = None, sealed: object = None, *_: object
    ) -> None:
        take_in_message(office, ReceivedMessage(version, notification_id, sealed, received_at=office.now()))
