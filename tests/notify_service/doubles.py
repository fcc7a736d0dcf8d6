"""What notify_service meets outside: a clock, a letterbox, and a real mail server that follows a script."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from threading import Event, Semaphore, Thread
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from aiosmtpd.smtp import SMTP

from notify_service.actions.receive_notification import ReceivedMessage
from notify_service.domain.notification import Notification, State
from notify_service.emails.examples import examples_of
from wire.notification_contexts import QUEUE_NAME
from wire.notification_message import MESSAGE_VERSION, NotificationMessage, seal_message

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from email.message import EmailMessage
    from uuid import UUID

    from notify_service.domain.email import Email

NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
SENDER = "no-reply@tillpass.example"
OWNER = "owner@shop.example"
PORTAL = "http://127.0.0.1:8001"


class Clock:
    """A clock that a test moves by hand."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **lengths: float) -> None:
        self.now += timedelta(**lengths)


class Letterbox:
    """A mail transport that keeps what it is given; `fault` is raised instead, `meanwhile` runs while it sends."""

    def __init__(self) -> None:
        self.emails: list[Email] = []
        self.fault: Exception | None = None
        self.meanwhile: Callable[[], object] = lambda: None
        self.closed = 0

    def close(self) -> None:
        self.closed += 1

    def send(self, email: Email) -> None:
        self.emails.append(email)
        self.meanwhile()
        if self.fault is not None:
            raise self.fault


@dataclass
class Sender:
    """The sending service's end: seals messages."""

    key: str

    def seal(
        self, notification_id: UUID | None = None, recipient: str = OWNER, locale: str = "en", **changes: Any
    ) -> tuple[str, str]:
        """Give id and sealed text of a message; `changes` are to its context."""
        message = NotificationMessage(
            id=notification_id or uuid4(),
            template="device_authorized",
            recipient=recipient,
            context=context(**changes),
            locale=locale,
        )
        return str(message.id), seal_message(message, self.key)

    def message_of(
        self, template: str, recipient: str = OWNER, *, organization_id: str | None = None, at: datetime = NOW
    ) -> ReceivedMessage:
        """Give a good message of any template."""
        context = dict(examples_of(template)[0])
        if "expires_at" in context:
            context["expires_at"] = at + timedelta(hours=1)
        message = NotificationMessage(
            id=uuid4(), template=template, recipient=recipient, context=context, organization_id=organization_id
        )
        return ReceivedMessage(MESSAGE_VERSION, str(message.id), seal_message(message, self.key), at)

    def message(self, recipient: str = OWNER, locale: str = "en") -> ReceivedMessage:
        """Give a good message as it comes from the queue."""
        notification_id, sealed = self.seal(recipient=recipient, locale=locale)
        return ReceivedMessage(MESSAGE_VERSION, notification_id, sealed, NOW)


def context(**changes: Any) -> dict[str, Any]:
    """Give what the template `device_authorized` takes."""
    return {
        "organization_name": "Corner Shops",
        "device_name": "Till 1",
        "device_id": "7d3f0c9e-6a1b-4f64-9f6c-1d2b3a4c5e6f",
        "operator_name": "Ann Owner",
        "authorized_at": "2026-06-01T10:30:00+02:00",
        "features": ["xms", "kds"],
        "requested_from": "192.0.2.7",
        "devices_url": f"{PORTAL}/devices",
        **changes,
    }


@dataclass
class MailServer:
    """A real SMTP server on loopback that keeps what it takes and answers as scripted, one script entry per command.

    An entry "drop" breaks the line instead of an answer.
    """

    at_reset: list[str] = field(default_factory=list)
    at_sender: list[str] = field(default_factory=list)
    at_recipient: list[str] = field(default_factory=list)
    at_content: list[str] = field(default_factory=list)
    options: dict[str, Any] = field(default_factory=dict)
    tls: ssl.SSLContext | None = None
    port: int = 0
    taken: list[bytes] = field(default_factory=list)
    envelopes: list[tuple[str, list[str]]] = field(default_factory=list)
    connections: int = 0
    farewells: Semaphore = field(default_factory=lambda: Semaphore(0))
    """Released with each QUIT."""

    def __post_init__(self) -> None:
        self._thread: Thread | None = None
        self.hold = Event()
        """While set, the server has the content and does not answer."""

    def start(self) -> None:
        """Listen from now on; a server that was stopped listens where it did before."""
        self._loop = asyncio.new_event_loop()
        listening = self._loop.run_until_complete(
            self._loop.create_server(self._protocol, "127.0.0.1", self.port, ssl=self.tls)
        )
        self.port = listening.sockets[0].getsockname()[1]
        self._thread = Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._listening = listening

    def stop(self) -> None:
        if self._thread is None:
            return
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._thread = None

    def _protocol(self) -> SMTP:
        self.connections += 1
        return SMTP(self, hostname="localhost", loop=self._loop, **{"enable_SMTPUTF8": True, **self.options})

    async def _end(self) -> None:
        self._listening.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def messages(self) -> list[EmailMessage]:
        return [message_from_bytes(content, policy=policy.default) for content in self.taken]

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:  # noqa: N802 - aiosmtpd's name
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return _answer(server, self.at_sender)

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:  # noqa: N802 - aiosmtpd's name
        envelope.rcpt_tos.append(address)
        return _answer(server, self.at_recipient)

    async def handle_RSET(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        return _answer(server, self.at_reset)

    async def handle_QUIT(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        self.farewells.release()
        return "221 Bye"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        answer = _next(self.at_content)
        if self.hold.is_set():
            self.taken.append(envelope.content)
            while self.hold.is_set():  # noqa: ASYNC110 - set and cleared from another thread
                await asyncio.sleep(0.02)
            return "451 too late"
        if answer == "drop":
            self.taken.append(envelope.content)
            server.transport.abort()
            return "250 nobody hears this"
        if answer.startswith("2"):
            self.taken.append(envelope.content)
            self.envelopes.append((envelope.mail_from, envelope.rcpt_tos))
        return answer


def _answer(server: Any, script: list[str]) -> str:
    answer = _next(script)
    if answer == "drop":
        server.transport.abort()
    return answer


def _next(script: list[str]) -> str:
    return script.pop(0) if script else "250 OK"


def row(notification_id: str = "a", **changes: object) -> Notification:
    """Give a row of the ledger that just came in."""
    plain = {
        "template": "device_authorized",
        "queue": QUEUE_NAME,
        "organization_id": None,
        "recipient": OWNER,
        "sealed": "sealed",
        "state": State.QUEUED,
        "leases": 0,
        "lost_leases": 0,
        "attempts": 0,
        "message_id": "<a@tillpass.example>",
        "lease_until": None,
        "next_attempt_at": None,
        "fault": None,
        "smtp_answer": None,
        "created_at": NOW,
        "sent_at": None,
    }
    return Notification(id=notification_id, **{**plain, **changes})  # type: ignore[arg-type]
