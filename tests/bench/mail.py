"""What one worker of notify_service sends, beside the least that sending the same emails can cost."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Final
from uuid import uuid4

import redis
from sqlalchemy import func, select

from database.engine import Database
from database.migrations import migrate
from deploy.local_stack.part import LogSinceStart
from deploy.local_stack.process_table import addresses, environments, process_table
from deploy.local_stack.settings import LOOPBACK, StackSettings, free_ports
from deploy.local_stack.stack_secrets import secrets_of
from notify_service.domain.notification import State
from notify_service.storage.tables import notifications
from tests.bench.process_group import REPOSITORY, ProcessGroup, processor_seconds
from tests.bench.report import table
from tests.notify_service.doubles import context
from wire.notification_contexts import QUEUE_NAME
from wire.notification_message import NotificationMessage, seal_message
from wire.notification_queue import NotificationQueue

if TYPE_CHECKING:
    from contextlib import ExitStack
    from pathlib import Path

    from deploy.local_stack.part import Part

EMAILS: Final = 100
GLANCE_SECONDS: Final = 0.02


@dataclass(frozen=True, slots=True)
class Sent:
    """One measurement: processor time and time for each email."""

    processor_seconds: float
    seconds: float


class MailBench:
    """A worker on one core; Valkey, the mail server, and whoever fills the queue, on another."""

    def __init__(self, folder: Path, undo: ExitStack, *, core: int, load_core: int) -> None:
        settings, secrets = StackSettings(folder, free_ports()), secrets_of(folder / "secrets.json")
        parts = {part.name: part for part in process_table(settings, secrets)}
        environment = environments(settings, secrets)["notify"]
        migrate("notify_service", environment["NOTIFY_DATABASE_URL"])
        self._core, self._port, self._email = core, settings.ports.smtp, folder / "email"
        self._key = secrets.notification_key
        self._context = context(devices_url=f"{environment['NOTIFY_ISSUER']}/devices")
        redis_url = addresses(settings, secrets).redis
        self._queue, self._redis = NotificationQueue(redis_url), redis.Redis.from_url(redis_url)
        self._ledger = Database(environment["NOTIFY_DATABASE_URL"])
        self._worker, self._beside = ProcessGroup(core), ProcessGroup(load_core)
        for undone in (self._ledger.close, self._redis.close, self._beside.stop, self._worker.stop):
            undo.callback(undone)
        sink = (sys.executable, "-m", "tests.bench.mail_sink", str(self._port), str(self._email))
        self._beside.start(sink, os.environ, folder / "sink.log")
        self._beside.wait_until(lambda: _listens(self._port), "the mail sink")
        self._start(parts["valkey"], self._beside, folder / "valkey.log")
        self._start(parts["notify_worker"], self._worker, folder / "worker.log")

    def run(self, rounds: int) -> str:
        """Warm up, measure in turns, and give the table."""
        self.worker()
        self.bare_loop()
        sent = [(self.worker(), self.bare_loop()) for _ in range(rounds)]
        worker, bare = (list(each) for each in zip(*sent, strict=True))
        rows = [
            ["emails a second", *_columns([1 / one.seconds for one in worker], [1 / one.seconds for one in bare])],
            [
                "CPU µs an email",
                *_columns(
                    [one.processor_seconds * 1e6 for one in worker], [one.processor_seconds * 1e6 for one in bare]
                ),
            ],
        ]
        heads = ["", "one worker", "lowest–highest", "bare smtplib loop", "lowest–highest", "worker / loop"]
        return table(heads, rows)

    def worker(self) -> Sent:
        """Fill the queue while the worker is held, and let it send all."""
        root = self._worker.roots()[0]
        sent_before = self._count_sent()
        os.killpg(root, signal.SIGSTOP)
        for number in range(EMAILS):
            self._publish(f"owner-{uuid4().hex[:8]}-{number}@shop.example")
        before, began = processor_seconds(self._worker.members()), time.monotonic()
        os.killpg(root, signal.SIGCONT)
        self._worker.wait_until(lambda: self._count_sent() >= sent_before + EMAILS, "the last email")
        seconds = time.monotonic() - began
        return Sent((processor_seconds(self._worker.members()) - before) / EMAILS, seconds / EMAILS)

    def bare_loop(self) -> Sent:
        """Send as many in a process of its own on the worker's core."""
        command = ("taskset", "-c", str(self._core), sys.executable, "-m", "tests.bench.bare_sender")
        told = subprocess.run(
            [*command, str(self._port), str(self._email), str(EMAILS)],
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=True,
        )
        used, seconds = map(float, told.stdout.split())
        return Sent(used / EMAILS, seconds / EMAILS)

    def _publish(self, recipient: str) -> None:
        message = NotificationMessage(
            id=uuid4(), template="device_authorized", recipient=recipient, context=self._context
        )
        self._queue.publish(message.id, seal_message(message, self._key), QUEUE_NAME)

    def _count_sent(self) -> int:
        query = select(func.count()).select_from(notifications).where(notifications.c.state == State.SENT.value)
        with self._ledger.reading() as connection:
            return int(connection.execute(query).scalar_one())

    def _start(self, part: Part, group: ProcessGroup, log: Path) -> None:
        log.touch()
        group.start(part.command, {**os.environ, **part.environment}, log)
        group.wait_until(lambda: not part.ready(LogSinceStart(log, 0)), part.name)


def _columns(worker: list[float], bare: list[float]) -> list[str]:
    ranges = [[f"{median(each):.0f}", f"{min(each):.0f}–{max(each):.0f}"] for each in (worker, bare)]
    return [*ranges[0], *ranges[1], f"{median(worker) / median(bare):.2f}"]


def _listens(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex((LOOPBACK, port)) == 0
