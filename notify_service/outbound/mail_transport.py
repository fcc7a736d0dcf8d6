"""Hand one email to the mail server (RFC 5321 §3.3, RFC 5322, RFC 3834 §5, RFC 3207, RFC 8314 §3).

Exactly one recipient; no header can be opened by what a value says (T51); every phase has its time limit (F34); with
`starttls` or `tls` nothing is sent unless the certificate is good (F38). One connection per email: what a broken
connection left behind never meets the next one.
"""

from __future__ import annotations

import functools
import re
import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any, Final, Protocol

from notify_service.domain.errors import (
    EmailNotMadeError,
    OutcomeUnknownError,
    RecipientRefusedError,
    ServerMisusedError,
    ServerUnreachableError,
)
from notify_service.domain.retry import Phase, fault_of_reply

if TYPE_CHECKING:
    import socket

    from notify_service.domain.email import Email
    from notify_service.domain.errors import (
        DeliveryError,
    )

SENDER_NAME: Final = "Tillpass"
_ONE_ADDRESS: Final = re.compile(r"\A[^\s@\x00-\x1f\x7f]{1,64}@[\w.-]{1,189}\Z")


class MailTransport(Protocol):
    """Whatever takes a finished email."""

    def send(self, email: Email) -> None:
        """Send one email. Raises DeliveryError."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long each phase may take, in seconds. RFC 5321 §4.5.3.2 allows minutes; our own relay is nearer."""

    connect: float = 10.0
    greeting: float = 75.0
    command: float = 60.0
    content: float = 180.0
    farewell: float = 2.0


@functools.cache
def _system_trust() -> ssl.SSLContext:
    return ssl.create_default_context()


@dataclass(frozen=True, slots=True)
class SmtpTransport:
    """Speaks to one mail server. `tls` is the context that checks its certificate."""

    host: str
    port: int
    security: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: ssl.SSLContext = field(default_factory=_system_trust)
    patience: Patience = Patience()

    def send(self, email: Email) -> None:
        """Send one email over a connection of its own.

        Raises DeliveryError: each kind says whether and when another attempt is worth it.
        """
        content = _bytes_of(email)
        session = self._open(email)
        try:
            self._prepare(session)
            self._transact(session, email, content)
        except smtplib.SMTPServerDisconnected as fault:
            raise ServerUnreachableError("The mail server broke the connection.") from fault
        except OSError as fault:
            raise _fault_of_os_error(fault) from fault
        finally:
            self._take_leave(session)

    def _open(self, email: Email) -> _Session | _TlsSession:
        # The sender's domain names us in EHLO: looking up this machine's own name may take long and give nothing.
        local_hostname = email.sender.rpartition("@")[2]
        more: dict[str, Any] = {"context": self.tls} if self.security == "tls" else {}
        kind = _TlsSession if self.security == "tls" else _Session
        try:
            session = kind(
                self.host,
                self.port,
                local_hostname=local_hostname,
                timeout=self.patience.connect,
                greeting_seconds=self.patience.greeting,
                **more,
            )
        except smtplib.SMTPResponseException as fault:
            raise _fault_of_response(Phase.GREETING, fault) from fault
        except OSError as fault:
            raise _fault_of_os_error(fault) from fault
        session.reply_seconds = self.patience.command
        return session

    def _prepare(self, session: smtplib.SMTP) -> None:
        try:
            session.ehlo_or_helo_if_needed()
            if self.security == "starttls":
                session.starttls(context=self.tls)
                session.ehlo()
        except smtplib.SMTPNotSupportedError as fault:
            raise ServerMisusedError("The mail server does not offer STARTTLS.") from fault
        except smtplib.SMTPResponseException as fault:
            raise _fault_of_response(Phase.TLS, fault) from fault
        if self.username is not None and self.password is not None:
            _sign_in(session, self.username, self.password)

    def _transact(self, session: _Session | _TlsSession, email: Email, content: bytes) -> None:
        options = [] if email.recipient.isascii() else ["SMTPUTF8", "BODY=8BITMIME"]
        try:
            _expect(Phase.SENDER, session.mail(email.sender, options), email)
        except smtplib.SMTPNotSupportedError as fault:
            raise RecipientRefusedError("The mail server takes no address beyond ASCII.") from fault
        _expect(Phase.RECIPIENT, session.rcpt(email.recipient), email)
        session.reply_seconds = self.patience.content
        try:
            reply = session.data(content)
        except smtplib.SMTPDataError as fault:
            raise _fault_of_response(Phase.CONTENT, fault, email) from fault
        except OSError as fault:
            raise OutcomeUnknownError("The connection broke before the mail server's answer came.") from fault
        _expect(Phase.CONTENT, reply, email)

    def _take_leave(self, session: _Session | _TlsSession) -> None:
        # The answer that counts is in; neither a slow nor a rude farewell may change it.
        session.reply_seconds = self.patience.farewell
        with suppress(OSError):
            session.quit()
        session.close()


class _PatientMixin:
    """Waits for each reply as long as its phase may take; the time to connect is smtplib's own `timeout`."""

    reply_seconds: float
    sock: socket.socket | None

    def getreply(self) -> tuple[int, bytes]:
        if self.sock is not None:
            self.sock.settimeout(self.reply_seconds)
        return super().getreply()  # type: ignore[misc, no-any-return] # smtplib's, in the classes below


class _Session(_PatientMixin, smtplib.SMTP):
    def __init__(self, *args: Any, greeting_seconds: float, **more: Any) -> None:  # noqa: ANN401 - as smtplib takes them
        self.reply_seconds = greeting_seconds
        super().__init__(*args, **more)


class _TlsSession(_PatientMixin, smtplib.SMTP_SSL):
    def __init__(self, *args: Any, greeting_seconds: float, **more: Any) -> None:  # noqa: ANN401 - as smtplib takes them
        self.reply_seconds = greeting_seconds
        super().__init__(*args, **more)


def _sign_in(session: smtplib.SMTP, username: str, password: str) -> None:
    try:
        session.login(username, password)
    except smtplib.SMTPServerDisconnected:
        raise
    except smtplib.SMTPResponseException as fault:
        raise _fault_of_response(Phase.SIGN_IN, fault) from fault
    except smtplib.SMTPException as fault:
        raise ServerMisusedError("The mail server offers no sign-in that we know.") from fault


def _expect(phase: Phase, reply: tuple[int, bytes], email: Email) -> None:
    code, answer = reply
    if not 200 <= code <= 299:
        raise fault_of_reply(phase, code, _readable(answer, email))


def _fault_of_response(phase: Phase, fault: smtplib.SMTPResponseException, email: Email | None = None) -> DeliveryError:
    return fault_of_reply(phase, fault.smtp_code, _readable(fault.smtp_error, email))


def _fault_of_os_error(fault: OSError) -> DeliveryError:
    if isinstance(fault, ssl.SSLError) and not isinstance(fault, ssl.SSLEOFError):
        return ServerMisusedError(f"The mail server's TLS is not to be trusted: {fault.reason or 'handshake failed'}.")
    if isinstance(fault, TimeoutError):
        return ServerUnreachableError("The mail server took too long.")
    return ServerUnreachableError("The mail server cannot be reached.")


def _readable(answer: bytes | str, email: Email | None) -> str:
    # Servers like to repeat the address; the ledger's answer is shown where the address is not.
    text = answer.decode("ascii", "replace") if isinstance(answer, bytes) else answer
    if email is not None:
        text = text.replace(email.recipient, "recipient")
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def _bytes_of(email: Email) -> bytes:
    message = EmailMessage(policy=SMTP_POLICY.clone(cte_type="7bit", utf8=not email.recipient.isascii()))
    message["To"] = _address(email.recipient)
    try:
        message["From"] = Address(SENDER_NAME, addr_spec=email.sender)
        message["Subject"] = email.content.subject
        message["Date"] = format_datetime(email.written_at)
        message["Message-ID"] = email.message_id
        message["Auto-Submitted"] = "auto-generated"
    except (HeaderParseError, ValueError) as fault:
        raise EmailNotMadeError("A header of the email cannot be written.") from fault
    message.set_content(email.content.text)
    message.add_alternative(email.content.html, subtype="html")
    # A fixed boundary: a repeat is the same to the byte.
    message.set_boundary(f"part-{email.message_id.strip('<>').partition('@')[0]}")
    return message.as_bytes()


def _address(recipient: str) -> Address:
    if not _ONE_ADDRESS.match(recipient):
        raise RecipientRefusedError("The recipient is not one email address.")
    local, _, domain = recipient.rpartition("@")
    address = Address(username=local, domain=domain)
    if address.addr_spec != recipient:
        raise RecipientRefusedError("The recipient is not an email address without quotes.")
    return address
