"""The relay: a message is delivered when notify_service has it, and not before."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from auth_service.actions.relay_outbox import relay_outbox
from auth_service.storage.outbox import add_outgoing
from wire.errors import UnreachableError
from wire.notification_contexts import FIRST_QUEUE_NAME, QUEUE_NAME
from wire.notification_message import NotificationMessage

if TYPE_CHECKING:
    from collections.abc import Collection
    from uuid import UUID

    from tests.doubles.auth_house import House


class Queue:
    """Redis: it takes messages, or is away."""

    def __init__(self) -> None:
        self.published: list[UUID] = []
        self.queues: list[str] = []
        self.away = False

    def publish(self, notification_id: UUID, _sealed: str, queue: str) -> None:
        if self.away:
            raise UnreachableError("away")
        self.published.append(notification_id)
        self.queues.append(queue)


class Notify:
    """notify_service: it has some notifications, or is away."""

    def __init__(self) -> None:
        self.has: set[UUID] = set()
        self.away = False

    def known(self, ids: Collection[UUID]) -> set[UUID]:
        if self.away:
            raise UnreachableError("away")
        return self.has & set(ids)


@pytest.fixture
def queue() -> Queue:
    return Queue()


@pytest.fixture
def notify() -> Notify:
    return Notify()


@pytest.fixture
def one_email(house: House) -> House:
    house.decide(house.ask_codes()["user_code"])
    return house


def run(house: House, queue: Queue, notify: Notify) -> int:
    return relay_outbox(house.wired.database, queue, notify, now=house.clock())


def test_a_message_is_published_and_then_asked_after(one_email: House, queue: Queue, notify: Notify) -> None:
    assert run(one_email, queue, notify) == 1
    notify.has.update(queue.published)
    one_email.clock.pass_seconds(2)

    assert run(one_email, queue, notify) == 1
    one_email.clock.pass_seconds(10_000)
    assert run(one_email, queue, notify) == 0
    assert len(queue.published) == 1


def test_what_was_sealed_is_erased_once_delivered(one_email: House, queue: Queue, notify: Notify) -> None:
    run(one_email, queue, notify)
    notify.has.update(queue.published)
    one_email.clock.pass_seconds(2)
    run(one_email, queue, notify)

    with one_email.wired.database.reading() as connection:
        assert connection.exec_driver_sql("SELECT sealed FROM outbox").scalar_one() is None


def test_a_message_that_redis_lost_is_published_again(one_email: House, queue: Queue, notify: Notify) -> None:
    """F18."""
    run(one_email, queue, notify)
    one_email.clock.pass_seconds(2)

    run(one_email, queue, notify)

    assert len(queue.published) == 2
    assert len(set(queue.published)) == 1


def test_redis_away_leaves_the_message_due(one_email: House, queue: Queue, notify: Notify) -> None:
    """F19: the mail waits."""
    queue.away = True
    run(one_email, queue, notify)
    queue.away = False

    run(one_email, queue, notify)

    assert len(queue.published) == 1


def test_notify_service_away_means_publishing_again(one_email: House, queue: Queue, notify: Notify) -> None:
    """F42: its ledger knows each notification by its id, so that costs nothing."""
    run(one_email, queue, notify)
    notify.away = True
    one_email.clock.pass_seconds(2)

    run(one_email, queue, notify)

    assert len(queue.published) == 2


def test_the_waits_double_up_to_five_minutes(one_email: House, queue: Queue, notify: Notify) -> None:
    waits = []
    for _ in range(10):
        waited = 0
        while not run(one_email, queue, notify):
            one_email.clock.pass_seconds(1)
            waited += 1
        waits.append(waited)

    assert waits == [0, 2, 4, 8, 16, 32, 64, 128, 256, 300]


def test_a_message_that_is_never_taken_is_told_of_once(
    one_email: House, queue: Queue, notify: Notify, caplog: pytest.LogCaptureFixture
) -> None:
    """F24: set aside over there again and again, nobody would look."""
    for _ in range(20):
        run(one_email, queue, notify)
        one_email.clock.pass_seconds(300)

    assert len(queue.published) == 20
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == [
        "notify_service does not take a message"
    ]


def test_what_a_person_waits_for_is_published_before_all_the_rest(house: House, queue: Queue, notify: Notify) -> None:
    """F39: however many others were there before."""
    database = house.wired.database
    with database.transaction() as connection:
        for template in ["device_authorized"] * 120 + ["license_code"]:
            message = NotificationMessage(id=uuid4(), template=template, recipient="a@b.example", context={})
            add_outgoing(connection, message, "sealed", house.clock())

    assert run(house, queue, notify) == 100

    assert queue.queues == [FIRST_QUEUE_NAME] + [QUEUE_NAME] * 99
