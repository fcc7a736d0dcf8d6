"""Everything between a business change and a mail server, as the local stack runs it, to be killed piece by piece.

The parts are those of the local stack's own table. Beside their worker, whose pool is threads, runs one with forked
children, each with a beat; the mail server is one that records.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
import time
from collections import Counter
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from threading import Event
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

import psutil
import redis
from sqlalchemy import func, select, update

from auth_service.actions.create_signing_key import create_signing_key
from auth_service.settings import load_settings
from auth_service.storage.outbox import add_outgoing
from auth_service.storage.tables import outbox
from auth_service.wiring import key_vault
from database.engine import Database
from database.migrations import migrate
from deploy.local_stack.part import LogSinceStart
from deploy.local_stack.process_table import addresses, environments, process_table
from deploy.local_stack.readiness import answers_http
from deploy.local_stack.settings import StackSettings, free_ports
from deploy.local_stack.stack_secrets import secrets_of
from deploy.local_stack.supervisor import Supervisor
from notify_service.domain.notification import State
from notify_service.storage.tables import notifications, set_aside_messages
from tests.notify_service.doubles import context
from wire.errors import UnreachableError
from wire.notification_contexts import QUEUE_OF_TEMPLATE
from wire.notification_message import NotificationMessage, seal_message
from wire.notification_queue import NotificationQueue

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from pathlib import Path

    from deploy.local_stack.part import Part

WANTED: Final = frozenset({"valkey", "auth_service", "notify_service", "outbox_relay", "notify_worker"})
FORKED_WORKER: Final = "forked_worker"
POOL_CHILD: Final = "pool child"
GLANCE_SECONDS: Final = 0.1


@dataclass(frozen=True, slots=True)
class Copy:
    """One copy of a mail that the mail server had."""

    at: float
    recipient: str
    message_id: str
    digest: str
    killed: int | None


@dataclass
class MailHouse:
    """The running parts, their databases, and what may be done to them."""

    folder: Path
    settings: StackSettings
    environment: dict[str, str]
    parts: Supervisor
    changes: Database
    ledger: Database
    redis: redis.Redis
    queue: NotificationQueue
    notification_key: str
    kills: int = 0
    last_kill: float = 0.0
    chance: random.Random = field(default_factory=random.Random)

    def __post_init__(self) -> None:
        portal = self.environment["AUTH_ISSUER"]
        self.contexts = {
            "device_authorized": context(devices_url=f"{portal}/devices"),
            "verify_address": {
                "group_name": "Corner Shops",
                "verify_url": f"{portal}/registrations/proof",
                "code": "123456",
                "expires_at": "2030-01-01T00:00:00+00:00",
                "code_expires_at": "2030-01-01T00:00:00+00:00",
            },
        }

    def send(self, recipient: str, template: str = "device_authorized", *, rings: int = 0) -> str:
        """Commit a change with its email in the outbox, and give the email's id.

        `rings` more copies of the message are put on the queue by hand, as a relay does that was killed before it noted
        what it had published.
        """
        message, sealed = self.seal(recipient, template)
        with self.changes.transaction() as connection:
            add_outgoing(connection, message, sealed, datetime.now(UTC))
        for _ in range(rings):
            with suppress(UnreachableError):
                self.queue.publish(message.id, sealed, QUEUE_OF_TEMPLATE[template])
        return str(message.id)

    def put_on_the_queue(self, recipient: str) -> str:
        """Put a message on the queue that is in no outbox, and give its recipient."""
        message, sealed = self.seal(recipient, "device_authorized")
        self.queue.publish(message.id, sealed, QUEUE_OF_TEMPLATE[message.template])
        return recipient

    def seal(self, recipient: str, template: str) -> tuple[NotificationMessage, str]:
        """Give a new message, and its sealed text."""
        message = NotificationMessage(
            id=uuid4(), template=template, recipient=recipient, context=self.contexts[template]
        )
        return message, seal_message(message, self.notification_key)

    def had(self, recipients: Collection[str]) -> set[str]:
        """Give those of them whose email the mail server had."""
        return {copy.recipient for copy in self.copies()} & set(recipients)

    def make_due(self, notification_id: str) -> None:
        """Let the time pass by for one email that waits for its next attempt."""
        with self.ledger.transaction() as connection:
            connection.execute(
                update(notifications)
                .where(notifications.c.id == notification_id, notifications.c.state == State.DEFERRED.value)
                .values(next_attempt_at=datetime.now(UTC))
            )

    def copies(self) -> list[Copy]:
        """Give every copy of every mail that the mail server had, in the order of its coming."""
        record = self.folder / "mail" / "mails.jsonl"
        lines = record.read_text().splitlines() if record.exists() else []
        return [Copy(**json.loads(line)) for line in lines]

    def states(self, ids: Collection[str]) -> Counter[State]:
        """Tell how many of these stand where; those that the ledger has not got are in no count."""
        wanted = set(ids)
        with self.ledger.reading() as connection:
            rows = connection.execute(select(notifications.c.id, notifications.c.state)).all()
        return Counter(State(row.state) for row in rows if row.id in wanted)

    def row(self, notification_id: str) -> Any:
        with self.ledger.reading() as connection:
            return connection.execute(select(notifications).where(notifications.c.id == notification_id)).one_or_none()

    def still_in_outbox(self) -> int:
        """Count what the relay still has to bring."""
        query = select(func.count()).select_from(outbox).where(outbox.c.accepted_at.is_(None))
        with self.changes.reading() as connection:
            return int(connection.execute(query).scalar_one())

    def until(self, settled: Callable[[], Any], what: str, seconds: float) -> float:
        """Wait, with a supervisor's eye on the parts, and give how long it took; what never comes fails the test."""
        began, pause = time.monotonic(), Event()
        while not settled():
            assert time.monotonic() - began < seconds, f"waited {seconds:.0f} s in vain for {what}"
            self.parts.watch()
            pause.wait(GLANCE_SECONDS)
        return time.monotonic() - began

    def kill(self, victim: str) -> None:
        """Kill a part with all its processes, or one child of the forked worker, and start it again."""
        self._count_kill()
        if victim == POOL_CHILD:
            children = psutil.Process(self.parts.pid(FORKED_WORKER)).children()
            self.chance.choice(children).kill()
            return
        self.parts.kill(victim)
        self.parts.start(victim)

    def kill_redis(self, *, keep: str) -> None:
        """Kill Redis; it comes back with `all` that it has on disk, `nothing`, or what it had `before`."""
        self._count_kill()
        self.parts.kill("valkey")
        files, before = self.folder / "valkey" / "appendonlydir", self.folder / "valkey-before"
        if keep == "nothing":
            shutil.rmtree(files)
        elif keep == "before":
            shutil.rmtree(files)
            shutil.copytree(before, files)
        elif not before.exists():
            shutil.copytree(files, before)
        self.parts.start("valkey")

    def set_aside(self) -> set[str]:
        """Give what the messages that could not be used call themselves."""
        with self.ledger.reading() as connection:
            return set(connection.execute(select(set_aside_messages.c.id)).scalars())

    def is_ready(self, service: str) -> bool:
        """Ask a service of HTTP whether it is ready."""
        port = getattr(self.settings.ports, service)
        return not answers_http(port, "/readyz")(LogSinceStart(self.folder / "none", 0))

    @contextmanager
    def full_redis(self) -> Iterator[None]:
        """Let Redis take no more writes."""
        self.redis.config_set("maxmemory", 1)
        try:
            yield
        finally:
            self.redis.config_set("maxmemory", 0)

    @contextmanager
    def mail_server_ordered(self, **orders: Any) -> Iterator[None]:
        """Let the mail server do so to everybody."""
        path = self.folder / "mail" / "orders.json"
        written = path.with_suffix(".new")
        written.write_text(json.dumps(orders))
        written.replace(path)
        try:
            yield
        finally:
            path.unlink()

    @contextmanager
    def standing_still(self, part: str) -> Iterator[None]:
        """Stop a part in the middle of whatever it does: who is connected to it gets no answer and no farewell."""
        os.killpg(self.parts.pid(part), signal.SIGSTOP)
        try:
            yield
        finally:
            os.killpg(self.parts.pid(part), signal.SIGCONT)

    def log(self, part: str) -> str:
        return (self.folder / "log" / f"{part}.log").read_text()

    def wait(self, seconds: float) -> None:
        """Let time pass for the other processes."""
        Event().wait(seconds)

    def _count_kill(self) -> None:
        self.kills += 1
        self.last_kill = time.time()


@contextmanager
def running_mail_house(folder: Path, new_database: Callable[[], str] | None = None) -> Iterator[MailHouse]:
    """Migrate two empty databases, on SQLite unless others are given; start the parts, and end them all."""
    settings, secrets = StackSettings(folder, free_ports()), secrets_of(folder / "secrets.json")
    given = environments(settings, secrets)
    databases = {}
    for service in ("auth", "notify"):
        variable = f"{service.upper()}_DATABASE_URL"
        databases[variable] = new_database() if new_database else given[service][variable]
        migrate(f"{service}_service", databases[variable])
    create_signing_key(key_vault(load_settings(given["auth"])), now=datetime.now(UTC))
    (folder / "mail").mkdir()
    parts = Supervisor(
        [
            replace(part, environment={**part.environment, **databases})
            for part in _parts(settings, process_table(settings, secrets))
        ],
        logs=folder / "log",
        environment={**os.environ, "MALLOC_ARENA_MAX": "2", "PYTHONUNBUFFERED": "1"},
        say=lambda _line: None,
    )
    redis_url = addresses(settings, secrets).redis
    house = MailHouse(
        folder=folder,
        settings=settings,
        environment={**given["auth"], **given["notify"], **databases},
        parts=parts,
        changes=Database(databases["AUTH_DATABASE_URL"]),
        ledger=Database(databases["NOTIFY_DATABASE_URL"]),
        redis=redis.Redis.from_url(redis_url),
        queue=NotificationQueue(redis_url),
        notification_key=secrets.notification_key,
    )
    try:
        parts.start_all()
        yield house
    finally:
        parts.stop_all()
        house.redis.close()
        house.changes.close()
        house.ledger.close()


def _parts(settings: StackSettings, table: list[Part]) -> Iterator[Part]:
    for part in table:
        if part.name == "mail_catcher":
            where = (f"--port={settings.ports.smtp}", f"--folder={settings.folder / 'mail'}")
            yield replace(part, command=(sys.executable, "-m", "tests.faults.mail.recording_server", *where))
        elif part.name in WANTED:
            yield part
        if part.name == "notify_worker":
            forked = tuple("--pool=prefork" if each == "--pool=threads" else each for each in part.command)
            assert forked != part.command
            concurrency = tuple("--concurrency=2" if each.startswith("--concurrency") else each for each in forked)
            yield replace(part, name=FORKED_WORKER, command=concurrency)
