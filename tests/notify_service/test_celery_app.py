from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from celery.signals import setup_logging, worker_process_init, worker_process_shutdown, worker_shutdown

from notify_service.actions.calendar_parts import CalendarParts
from notify_service.celery_app import VISIBILITY_SECONDS, create_celery
from notify_service.domain.notification import LEASE_SECONDS
from notify_service.schedule import CALENDAR_SCHEDULE, SCHEDULE
from notify_service.tasks.erase_contents import ERASE_TASK_NAME
from notify_service.tasks.redrive_notifications import REDRIVE_QUEUE, REDRIVE_TASK_NAME
from tests.notify_service.calendar_doubles import Licenses, Organizations
from wire.notification_contexts import FIRST_QUEUE_NAME, QUEUE_NAME
from wire.notification_message import TASK_NAME
from wire.notification_queue import NotificationQueue

if TYPE_CHECKING:
    from collections.abc import Iterator

    from notify_service.actions.post_office import PostOffice
    from tests.notify_service.doubles import Letterbox


@pytest.fixture
def celery(office: PostOffice) -> Iterator[Any]:
    before = {
        signal: list(signal.receivers)
        for signal in (setup_logging, worker_process_init, worker_process_shutdown, worker_shutdown)
    }
    yield create_celery("redis://127.0.0.1:1/0", office)
    for signal, receivers in before.items():
        signal.receivers[:] = receivers


def test_json_is_read_and_nothing_else(celery: Any) -> None:
    """T56: a pickle in Redis runs no code here."""
    assert celery.conf.accept_content == ["json"]
    assert celery.conf.task_serializer == "json"
    assert celery.conf.result_backend is None
    assert not celery.conf.worker_enable_remote_control


def test_nothing_is_acknowledged_before_it_is_done(celery: Any) -> None:
    """F09, F10."""
    assert celery.conf.task_acks_late
    assert celery.conf.task_reject_on_worker_lost
    assert celery.conf.worker_prefetch_multiplier == 1


def test_a_message_comes_back_after_the_lease_ran_out() -> None:
    assert VISIBILITY_SECONDS > LEASE_SECONDS


def test_each_queue_gets_its_own_messages(celery: Any) -> None:
    """Two queues on one exchange and key would get every message twice."""
    routes = [(queue.name, queue.exchange.name, queue.routing_key) for queue in celery.conf.task_queues]

    assert routes == [(name, name, name) for name in (REDRIVE_QUEUE, FIRST_QUEUE_NAME, QUEUE_NAME)]


def test_what_a_person_waits_for_is_read_before_all_the_rest(celery: Any, valkey: str) -> None:
    """F39: from a real server, however long the other queue is and whatever order they came in."""
    url = valkey.replace("unix://", "redis+socket://")
    sender = NotificationQueue(url)
    for queue in [QUEUE_NAME] * 5 + [FIRST_QUEUE_NAME, QUEUE_NAME, FIRST_QUEUE_NAME]:
        sender.publish(uuid4(), "sealed", queue)
    read: list[str] = []

    with (
        celery.connection_for_read(url) as connection,
        celery.amqp.TaskConsumer(connection, on_message=lambda message: take(message, read)) as consumer,
    ):
        consumer.qos(prefetch_count=1)
        while len(read) < 8:
            connection.drain_events(timeout=5)

    assert read == [FIRST_QUEUE_NAME] * 2 + [QUEUE_NAME] * 6


def take(message: Any, read: list[str]) -> None:
    read.append(message.delivery_info["routing_key"])
    message.ack()


def test_a_worker_that_ends_says_good_bye_to_the_mail_server(celery: Any, letterbox: Letterbox) -> None:
    """RFC 5321 §4.1.1.10; whichever pool it has."""
    for ending in (worker_process_shutdown, worker_shutdown):
        ending.send(sender=None)

    assert letterbox.closed == 2


def test_the_schedule_calls_a_task_that_there_is(celery: Any) -> None:
    called = {entry["task"] for entry in SCHEDULE.values()}
    assert {TASK_NAME, *called} <= set(celery.tasks)
    assert called == {REDRIVE_TASK_NAME, ERASE_TASK_NAME}


def test_the_broker_may_be_away_for_any_length_of_time(celery: Any) -> None:
    """F17, F19."""
    assert celery.conf.broker_connection_retry_on_startup
    assert celery.conf.broker_connection_max_retries is None


def test_the_calendar_is_called_when_it_is_set_up(office: PostOffice, celery: Any) -> None:
    """And a call for it that somebody else wrote finds no task where it is not."""
    names = {entry["task"] for entry in CALENDAR_SCHEDULE.values()}
    assert not names & set(celery.tasks)
    parts = CalendarParts(office.database, Licenses(), Organizations(), "", "", "", office.now)

    with_calendar = create_celery("redis://127.0.0.1:1/0", office, parts)

    assert len(names) == 4
    assert names <= set(with_calendar.tasks)
    assert names <= set(with_calendar.conf.broker_transport_options["task_names"])
    # A call that takes longer than a message may must not come twice.
    assert not any(with_calendar.tasks[name].acks_late for name in names)
