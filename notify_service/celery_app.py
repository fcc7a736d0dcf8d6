"""The Celery app: queues, late acknowledgement, JSON only, and a broker that may come and go.

The queue is a bell: once a message is in the ledger, the ledger's lease and the redrive see to it, and a message that
is seen twice does nothing (F09, F17, F25). So messages of a killed worker may come back early.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from celery import Celery
from celery.signals import setup_logging, worker_process_init, worker_process_shutdown, worker_shutdown
from kombu.entity import Exchange, Queue

from notify_service.tasks.erase_contents import ERASE_TASK_NAME, add_erase_contents
from notify_service.tasks.redrive_notifications import (
    REDRIVE_QUEUE,
    REDRIVE_TASK_NAME,
    add_redrive_notifications,
)
from notify_service.tasks.scan_contacts import SCAN_CONTACTS_TASK_NAME, add_scan_contacts
from notify_service.tasks.scan_over_counts import SCAN_OVER_COUNTS_TASK_NAME, add_scan_over_counts
from notify_service.tasks.scan_renewals import SCAN_RENEWALS_TASK_NAME, add_scan_renewals
from notify_service.tasks.send_notification import add_send_notification
from notify_service.tasks.write_vendor_digest import VENDOR_DIGEST_TASK_NAME, add_write_vendor_digest
from wire.notification_contexts import QUEUE_NAME, QUEUE_NAMES
from wire.notification_message import TASK_NAME
from wire.serving.logs import configure_logs

if TYPE_CHECKING:
    from notify_service.actions.calendar_parts import CalendarParts
    from notify_service.actions.post_office import PostOffice

VISIBILITY_SECONDS: Final = 12
"""A message that a worker took and did not acknowledge comes back after this long. Longer than the lease, so that it
finds a dead worker's lease run out; and much longer than the wait for a database, or messages would double there."""

BROKER_SOCKET_SECONDS: Final = 5.0


def _queue(name: str) -> Queue:
    # Named in full: a queue left to Celery's defaults is bound to the default queue's exchange, and gets its messages.
    return Queue(name, Exchange(name), routing_key=name)  # type: ignore[no-untyped-call]


_SETTINGS: Final[dict[str, Any]] = {
    "task_default_queue": QUEUE_NAME,
    # In the order in which they are read: see queue_order_strategy. The call for what waits in the ledger, which has
    # waited longest; then the emails that a person is waiting for (F39).
    "task_queues": tuple(map(_queue, (REDRIVE_QUEUE, *QUEUE_NAMES))),
    "task_create_missing_queues": False,
    # A worker that dies has acknowledged nothing.
    "task_acks_late": True,
    "task_reject_on_worker_lost": True,
    "worker_prefetch_multiplier": 1,
    "worker_enable_prefetch_count_reduction": False,
    # JSON is read and nothing else: who can write to Redis must not run code here (T56).
    "task_serializer": "json",
    "accept_content": ["json"],
    "task_ignore_result": True,
    "result_backend": None,
    "worker_enable_remote_control": False,
    "worker_send_task_events": False,
    # Redis may be away for any length of time.
    "broker_connection_retry_on_startup": True,
    "broker_connection_max_retries": None,
    "broker_transport": "notify_service.outbound.queue_transport:Transport",
    "broker_connection_timeout": BROKER_SOCKET_SECONDS,
    "worker_cancel_long_running_tasks_on_connection_loss": False,
    "broker_transport_options": {
        # Celery brings tasks of its own, which call others: who can write to Redis must not reach them (T56).
        "task_names": (
            TASK_NAME,
            REDRIVE_TASK_NAME,
            ERASE_TASK_NAME,
            SCAN_RENEWALS_TASK_NAME,
            SCAN_CONTACTS_TASK_NAME,
            SCAN_OVER_COUNTS_TASK_NAME,
            VENDOR_DIGEST_TASK_NAME,
        ),
        "queue_order_strategy": "priority",
        "visibility_timeout": VISIBILITY_SECONDS,
        # Look for unacknowledged messages every second, at every look.
        "unacked_restore_interval": 1,
        "unacked_restore_throttle": 1,
        "socket_timeout": BROKER_SOCKET_SECONDS,
        "socket_connect_timeout": BROKER_SOCKET_SECONDS,
        "socket_keepalive": True,
        "health_check_interval": 5,
    },
    "beat_max_loop_interval": 5,
    "worker_hijack_root_logger": False,
    "worker_redirect_stdouts": False,
    "enable_utc": True,
    "timezone": "UTC",
}


def create_celery(redis_url: str, office: PostOffice, calendar: CalendarParts | None = None) -> Celery:
    """Build the app that a worker or beat runs; works with the pools prefork, threads and solo."""
    celery = Celery("notify_service", broker=redis_url, set_as_current=False)
    celery.conf.update(_SETTINGS)
    add_send_notification(celery, office)
    add_redrive_notifications(celery, office)
    add_erase_contents(celery, office)
    if calendar is not None:
        for add in (add_scan_renewals, add_scan_contacts, add_scan_over_counts, add_write_vendor_digest):
            add(celery, calendar)

    def leave_connections_to_the_parent(**_: object) -> None:
        # A forked child must not speak on a database connection that its parent opened.
        office.database.leave_to_parent()

    def say_good_bye(**_: object) -> None:
        office.transport.close()

    worker_process_init.connect(leave_connections_to_the_parent, weak=False)
    for ending in (worker_process_shutdown, worker_shutdown):
        ending.connect(say_good_bye, weak=False)
    setup_logging.connect(_log_as_json, weak=False)
    return celery


def _log_as_json(**_: object) -> None:
    configure_logs()
