"""Connections that serve many emails, against a real SMTP server on loopback."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from time import monotonic
from typing import TYPE_CHECKING, Any

import pytest

from notify_service.domain.email import Content, Email
from notify_service.domain.errors import (
    LineBrokenError,
    OutcomeUnknownError,
    RecipientRefusedError,
    ServerMisusedError,
    TemporaryRefusalError,
)
from notify_service.outbound import kept_sessions
from notify_service.outbound.kept_sessions import Keeping
from notify_service.outbound.mail_transport import SmtpTransport
from tests.notify_service.doubles import NOW, OWNER, SENDER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.notify_service.doubles import MailServer

SOON = 5.0
EMAIL = Email(SENDER, OWNER, "<a@tillpass.example>", NOW, Content("s", "t\n", "<p>h</p>\n"))


@pytest.fixture
def transport(mail_server: MailServer) -> Iterator[Callable[..., SmtpTransport]]:
    opened: list[SmtpTransport] = []

    def make(**keeping: Any) -> SmtpTransport:
        opened.append(SmtpTransport("127.0.0.1", mail_server.port, "none", keeping=Keeping(**keeping)))
        return opened[-1]

    yield make
    for one in opened:
        one.close()


def test_one_connection_serves_many_emails(mail_server: MailServer, transport: Callable[..., SmtpTransport]) -> None:
    kept = transport()

    for number in range(5):
        kept.send(replace(EMAIL, message_id=f"<{number}@tillpass.example>"))

    assert mail_server.connections == 1
    assert [message["Message-ID"][1] for message in mail_server.messages()] == list("01234")


def test_a_connection_that_served_its_number_is_ended_with_a_good_bye(
    mail_server: MailServer, transport: Callable[..., SmtpTransport]
) -> None:
    """RFC 5321 §4.1.1.10: who ends says QUIT."""
    kept = transport(emails=2)

    for _ in range(4):
        kept.send(EMAIL)

    assert mail_server.connections == 2
    assert all(mail_server.farewells.acquire(timeout=SOON) for _ in range(2))


def test_a_connection_that_served_its_time_is_ended(
    mail_server: MailServer, transport: Callable[..., SmtpTransport]
) -> None:
    kept = transport(seconds=0.0)

    for _ in range(2):
        kept.send(EMAIL)

    assert mail_server.connections == 2


def test_a_connection_that_grew_old_at_rest_is_ended(
    mail_server: MailServer, transport: Callable[..., SmtpTransport], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = transport()
    kept.send(EMAIL)

    monkeypatch.setattr(kept_sessions, "monotonic", lambda: monotonic() + 300)
    kept.send(EMAIL)

    assert mail_server.connections == 2
    assert mail_server.farewells.acquire(timeout=SOON)


def test_a_connection_that_rests_too_long_is_ended_by_itself(
    mail_server: MailServer, transport: Callable[..., SmtpTransport]
) -> None:
    transport(rest_seconds=0.01).send(EMAIL)

    assert mail_server.farewells.acquire(timeout=SOON)


def test_closing_ends_what_rests(mail_server: MailServer, transport: Callable[..., SmtpTransport]) -> None:
    kept = transport()
    kept.send(EMAIL)

    kept.close()

    assert mail_server.farewells.acquire(timeout=SOON)


def test_a_refused_recipient_leaves_nothing_behind_for_the_next_email(
    mail_server: MailServer, transport: Callable[..., SmtpTransport]
) -> None:
    """T51: never a second recipient; RFC 5321 §4.1.1.5."""
    kept = transport()
    mail_server.at_recipient.append("550 5.1.1 no such user")
    with pytest.raises(RecipientRefusedError):
        kept.send(EMAIL)

    kept.send(replace(EMAIL, recipient="other@shop.example"))

    assert mail_server.connections == 1
    assert mail_server.envelopes == [(SENDER, ["other@shop.example"])]


@pytest.mark.parametrize("stage", ["at_reset", "at_sender", "at_recipient"])
@pytest.mark.parametrize("answer", ["drop", "421 4.7.0 closing"])
def test_a_rested_connection_that_breaks_before_the_content_is_opened_anew(
    mail_server: MailServer, transport: Callable[..., SmtpTransport], stage: str, answer: str
) -> None:
    """F34: the email is sent by the same attempt, once."""
    kept = transport()
    kept.send(EMAIL)
    getattr(mail_server, stage).append(answer)

    kept.send(EMAIL)

    assert (mail_server.connections, len(mail_server.taken)) == (2, 2)


def test_a_server_that_was_restarted_gets_the_email_over_a_new_connection(
    mail_server: MailServer, transport: Callable[..., SmtpTransport]
) -> None:
    """F33."""
    kept = transport()
    kept.send(EMAIL)
    mail_server.stop()
    mail_server.start()

    kept.send(EMAIL)

    assert len(mail_server.taken) == 2


def test_a_sender_that_a_rested_connection_refuses_is_asked_for_anew(
    mail_server: MailServer, transport: Callable[..., SmtpTransport]
) -> None:
    """A server may have forgotten our sign-in, or count the emails of a connection."""
    kept = transport()
    kept.send(EMAIL)
    mail_server.at_sender.append("530 5.7.0 sign in first")

    kept.send(EMAIL)

    assert (mail_server.connections, len(mail_server.taken)) == (2, 2)


@pytest.mark.parametrize(
    ("stage", "answer", "kind"),
    [
        ("at_sender", "drop", LineBrokenError),
        ("at_sender", "530 5.7.0 sign in first", ServerMisusedError),
        ("at_recipient", "421 4.7.0 closing", TemporaryRefusalError),
    ],
)
def test_what_a_new_connection_meets_is_a_fault(
    mail_server: MailServer,
    transport: Callable[..., SmtpTransport],
    stage: str,
    answer: str,
    kind: type[Exception],
) -> None:
    """It is tried once: the ledger decides about more."""
    kept = transport()
    getattr(mail_server, stage).append(answer)

    with pytest.raises(kind):
        kept.send(EMAIL)

    assert mail_server.connections == 1
    kept.send(EMAIL)
    assert mail_server.connections == 2


def test_a_rested_connection_that_breaks_after_the_content_leaves_the_outcome_unknown(
    mail_server: MailServer, transport: Callable[..., SmtpTransport]
) -> None:
    """F37: a new connection would send a second copy at once."""
    kept = transport()
    kept.send(EMAIL)
    mail_server.at_content.append("drop")

    with pytest.raises(OutcomeUnknownError):
        kept.send(EMAIL)

    assert (mail_server.connections, len(mail_server.taken)) == (1, 2)


def test_a_content_that_a_rested_connection_closes_on_is_not_sent_twice(
    mail_server: MailServer, transport: Callable[..., SmtpTransport]
) -> None:
    """F37: 421 after the content is an answer to it."""
    kept = transport()
    kept.send(EMAIL)
    mail_server.at_content.append("421 4.3.0 closing")

    with pytest.raises(TemporaryRefusalError):
        kept.send(EMAIL)

    assert mail_server.connections == 1


def test_threads_share_no_connection_at_the_same_time(
    mail_server: MailServer, transport: Callable[..., SmtpTransport]
) -> None:
    kept = transport()
    together = Barrier(4)

    def send(number: int) -> None:
        together.wait()
        for email in range(5):
            kept.send(replace(EMAIL, message_id=f"<{number}-{email}@tillpass.example>"))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(send, range(4)))

    assert mail_server.connections <= 4
    assert len({message["Message-ID"] for message in mail_server.messages()}) == len(mail_server.taken) == 20


def test_a_forked_child_speaks_on_no_connection_of_its_parent(
    mail_server: MailServer, transport: Callable[..., SmtpTransport], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Celery's prefork: two processes on one connection would mix their emails."""
    kept = transport()
    kept.send(EMAIL)
    (_, session), *_ = kept._kept._resting

    with monkeypatch.context() as child:
        child.setattr(os, "getpid", lambda: 1)
        kept.send(EMAIL)
        assert mail_server.connections == 2
        kept.close()

    assert session.noop()[0] == 250
    session.close()
