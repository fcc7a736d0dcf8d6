"""A conversation with the mail server, from greeting to farewell (RFC 5321 §3.3, RFC 3207, RFC 4954, RFC 8314 §3).

Every phase has its time limit (F34); with `starttls` or `tls` nothing is sent unless the certificate is good (F38).
Whatever fails before the server has let us in would meet every email alike: ServerUnusableError.
"""

from __future__ import annotations

import functools
import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Final

from notify_service.domain.errors import DeliveryError, ServerMisusedError, ServerUnreachableError
from notify_service.domain.retry import Phase, fault_of_reply

_POSITIVE: Final = range(200, 300)
_CONTENT_WANTED: Final = 354


@dataclass(frozen=True, slots=True)
class Patience:
    """How long each phase may take, in seconds. RFC 5321 §4.5.3.2 allows minutes; our own relay is nearer."""

    connect: float = 10.0
    greeting: float = 75.0
    command: float = 60.0
    content: float = 180.0
    reset: float = 5.0
    farewell: float = 2.0


@functools.cache
def _system_trust() -> ssl.SSLContext:
    return ssl.create_default_context()


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """The mail server, and how we come in. `tls` is the context that checks its certificate."""

    host: str
    port: int
    security: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: ssl.SSLContext = field(default_factory=_system_trust)
    patience: Patience = Patience()

    def open(self, our_name: str) -> SmtpSession:
        """Connect and be let in, as `our_name`. Raises ServerUnusableError."""
        session = self._connect(our_name)
        session.reply_seconds = self.patience.command
        try:
            self._come_in(session)
        except DeliveryError:
            self.take_leave(session)
            raise
        except OSError as fault:
            session.close()
            raise _fault_of_os_error(fault) from fault
        return session

    def take_leave(self, session: SmtpSession) -> None:
        """Say good-bye; neither a slow nor a rude farewell changes anything."""
        session.reply_seconds = self.patience.farewell
        with suppress(OSError):
            session.quit()
        session.close()

    def _connect(self, our_name: str) -> SmtpSession:
        more: dict[str, Any] = {"context": self.tls} if self.security == "tls" else {}
        kind = _TlsSession if self.security == "tls" else SmtpSession
        try:
            return kind(
                self.host,
                self.port,
                local_hostname=our_name,
                timeout=self.patience.connect,
                greeting_seconds=self.patience.greeting,
                **more,
            )
        except smtplib.SMTPResponseException as fault:
            raise fault_of_response(Phase.GREETING, fault) from fault
        except OSError as fault:
            raise _fault_of_os_error(fault) from fault

    def _come_in(self, session: SmtpSession) -> None:
        try:
            session.ehlo_or_helo_if_needed()
            if self.security == "starttls":
                session.starttls(context=self.tls)
                session.ehlo()
        except smtplib.SMTPNotSupportedError as fault:
            raise ServerMisusedError("The mail server does not offer STARTTLS.") from fault
        except smtplib.SMTPResponseException as fault:
            raise fault_of_response(Phase.TLS, fault) from fault
        if self.username is not None and self.password is not None:
            _sign_in(session, self.username, self.password)


class SmtpSession(smtplib.SMTP):
    """Waits for each reply as long as its phase may take; the time to connect is smtplib's own `timeout`."""

    def __init__(self, *args: Any, greeting_seconds: float, **more: Any) -> None:  # noqa: ANN401 - as smtplib takes them
        """Connect. `emails` counts those that were begun; `content_began` tells whether the last got to its content."""
        self.reply_seconds = greeting_seconds
        self.emails = 0
        self.content_began = False
        self.opened_at = monotonic()
        super().__init__(*args, **more)

    def getreply(self) -> tuple[int, bytes]:
        if self.sock is not None:
            self.sock.settimeout(self.reply_seconds)
        reply = super().getreply()
        # Only DATA is answered so.
        self.content_began = self.content_began or reply[0] == _CONTENT_WANTED
        return reply

    def is_fresh_again(self, patience: Patience) -> bool:
        """Ask whether the server still listens, and have it forget what was before (RFC 5321 §4.1.1.5)."""
        self.reply_seconds = patience.reset
        try:
            code, _ = self.rset()
        except OSError:
            code = 0
        if code in _POSITIVE:
            self.content_began = False
            return True
        self.close()
        return False


class _TlsSession(SmtpSession, smtplib.SMTP_SSL):
    """The same, over TLS from the first byte on."""


def fault_of_response(phase: Phase, fault: smtplib.SMTPResponseException, *, hidden: str = "") -> DeliveryError:
    """Tell what a reply means that smtplib raised; `hidden` is left out of it."""
    return fault_of_reply(phase, fault.smtp_code, readable(fault.smtp_error, hidden=hidden))


def readable(answer: bytes | str, *, hidden: str = "") -> str:
    """Give what a server said as one line of printable letters, without `hidden`."""
    text = answer.decode("ascii", "replace") if isinstance(answer, bytes) else answer
    if hidden:
        text = text.replace(hidden, "recipient")
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def _sign_in(session: SmtpSession, username: str, password: str) -> None:
    try:
        session.login(username, password)
    except smtplib.SMTPServerDisconnected:
        raise
    except smtplib.SMTPResponseException as fault:
        raise fault_of_response(Phase.SIGN_IN, fault) from fault
    except smtplib.SMTPException as fault:
        raise ServerMisusedError("The mail server offers no sign-in that we know.") from fault


def _fault_of_os_error(fault: OSError) -> DeliveryError:
    if isinstance(fault, ssl.SSLError) and not isinstance(fault, ssl.SSLEOFError):
        return ServerMisusedError(f"The mail server's TLS is not to be trusted: {fault.reason or 'handshake failed'}.")
    # smtplib tells of a broken line and of one that was silent for too long alike.
    if isinstance(fault, TimeoutError) or isinstance(fault.__context__, TimeoutError):
        return ServerUnreachableError("The mail server took too long.")
    return ServerUnreachableError("The mail server cannot be reached.")
