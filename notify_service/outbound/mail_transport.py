"""Hand one email to the mail server (RFC 5321 §3.3), over a connection that serves many.

A connection that rested is asked first whether it is still there. If it breaks or is not wanted before the content of
this email, another is opened and the email begun anew: that is no attempt of its own. After the content nobody knows
whether the server took it, so that is left to the ledger (F37).
"""

from __future__ import annotations

import smtplib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from notify_service.domain.errors import (
    DeliveryError,
    LineBrokenError,
    OutcomeUnknownError,
    RecipientRefusedError,
    ServerUnusableError,
)
from notify_service.domain.retry import Phase, fault_of_reply
from notify_service.outbound.email_bytes import email_bytes
from notify_service.outbound.kept_sessions import Keeping, KeptSessions
from notify_service.outbound.smtp_session import SmtpServer, fault_of_response, readable

if TYPE_CHECKING:
    from notify_service.domain.email import Email
    from notify_service.outbound.smtp_session import SmtpSession

_CLOSING: Final = "421"


class MailTransport(Protocol):
    """Whatever takes a finished email."""

    def send(self, email: Email) -> None:
        """Send one email. Raises DeliveryError."""

    def close(self) -> None:
        """End what is kept open between emails."""


@dataclass(frozen=True, slots=True)
class SmtpTransport(SmtpServer):
    """Speaks to one mail server; may be used by many threads at once, and after a fork."""

    keeping: Keeping = field(default_factory=Keeping)
    _kept: KeptSessions = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_kept", KeptSessions(self.keeping, self.take_leave))

    def send(self, email: Email) -> None:
        """Send one email.

        Raises DeliveryError: each kind says whether and when another attempt is worth it.
        """
        content = email_bytes(email)
        while (kept := self._kept.take()) is not None:
            if kept.is_fresh_again(self.patience) and self._is_settled_over(kept, email, content):
                return
        # The sender's domain names us in EHLO: looking up this machine's own name may take long and give nothing.
        self._send_over(self.open(our_name=email.sender.rpartition("@")[2]), email, content)

    def close(self) -> None:
        """End what is kept open between emails."""
        self._kept.close()

    def _is_settled_over(self, kept: SmtpSession, email: Email, content: bytes) -> bool:
        try:
            self._send_over(kept, email, content)
        except (LineBrokenError, ServerUnusableError):
            return False
        except DeliveryError as fault:
            if kept.content_began or not _is_closing(fault):
                raise
            return False
        return True

    def _send_over(self, session: SmtpSession, email: Email, content: bytes) -> None:
        session.emails += 1
        session.reply_seconds = self.patience.command
        try:
            self._transact(session, email, content)
        except OSError as fault:
            session.close()
            if session.content_began:
                raise OutcomeUnknownError("The connection broke before the mail server's answer came.") from fault
            raise LineBrokenError("The mail server broke the connection, or took too long.") from fault
        except DeliveryError as fault:
            self._part(session, fault)
            raise
        self._kept.lay_down(session)

    def _part(self, session: SmtpSession, fault: DeliveryError) -> None:
        if isinstance(fault, ServerUnusableError) or _is_closing(fault):
            self.take_leave(session)
        else:
            self._kept.lay_down(session)

    def _transact(self, session: SmtpSession, email: Email, content: bytes) -> None:
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
            raise fault_of_response(Phase.CONTENT, fault, hidden=email.recipient) from fault
        _expect(Phase.CONTENT, reply, email)


def _is_closing(fault: DeliveryError) -> bool:
    return str(fault).startswith(_CLOSING)


def _expect(phase: Phase, reply: tuple[int, bytes], email: Email) -> None:
    code, answer = reply
    if not 200 <= code <= 299:
        # Servers like to repeat the address; the ledger's answer is shown where the address is not.
        raise fault_of_reply(phase, code, readable(answer, hidden=email.recipient))
