"""Put a sealed message on notify_service's queue by task name; the only file of wire that imports Celery.

The queue is a bell, not the truth: a message that is lost here is rung again by its sender's outbox.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from celery import Celery
from kombu.exceptions import OperationalError

from wire.errors import UnreachableError
from wire.notification_message import MESSAGE_VERSION, TASK_NAME

if TYPE_CHECKING:
    from uuid import UUID

SOCKET_SECONDS: Final = 1.0


class NotificationQueue:
    """The sending end of the queue."""

    def __init__(self, redis_url: str) -> None:
        self._celery = Celery("notification_queue", broker=_broker_url(redis_url), set_as_current=False)
        self._celery.conf.update(
            task_serializer="json",
            accept_content=["json"],
            task_ignore_result=True,
            task_publish_retry=False,
            broker_connection_timeout=SOCKET_SECONDS,
            broker_transport_options={
                "socket_timeout": SOCKET_SECONDS,
                "socket_connect_timeout": SOCKET_SECONDS,
                "max_retries": 0,
            },
        )

    def publish(self, notification_id: UUID, sealed: str, queue: str) -> None:
        """Put one message on `queue`, which QUEUE_OF_TEMPLATE names for each template.

        Raises UnreachableError when Redis does not take it.
        """
        try:
            self._celery.send_task(
                TASK_NAME,
                args=[MESSAGE_VERSION, str(notification_id), sealed],
                queue=queue,
                ignore_result=True,
            )
        except (OperationalError, OSError) as fault:
            raise UnreachableError("The notification queue does not answer.") from fault


def _broker_url(redis_url: str) -> str:
    """Give Celery's name for a Redis behind a socket of this machine; any other has one name for it and redis-py."""
    return redis_url.replace("unix://", "redis+socket://", 1).replace("?db=", "?virtual_host=")
