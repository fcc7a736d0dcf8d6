"""Attempts, waits and repeats against a real mail server; only the clock is moved by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from notify_service.actions.deliver_notification import deliver_notification
from notify_service.actions.redrive_notifications import redrive_notifications
from notify_service.domain.notification import State
from notify_service.outbound.mail_transport import SmtpTransport
from notify_service.storage import notifications

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from notify_service.actions.post_office import PostOffice
    from notify_service.domain.notification import Notification
    from tests.notify_service.doubles import Clock, MailServer


@pytest.fixture
def smtp_office(office: PostOffice, mail_server: MailServer) -> Iterator[PostOffice]:
    transport = SmtpTransport("127.0.0.1", mail_server.port, "none")
    yield replace(office, transport=transport)
    transport.close()


def found(office: PostOffice, notification_id: str) -> Notification:
    with office.database.reading() as connection:
        row = notifications.find(connection, notification_id)
    assert row is not None
    return row


def test_a_greylisted_email_arrives_on_the_next_attempt(
    smtp_office: PostOffice, mail_server: MailServer, clock: Clock, queued: Callable[..., str]
) -> None:
    """F35: 451 first, then 250."""
    mail_server.at_recipient.append("451 4.7.1 greylisted")
    notification_id = queued()
    deliver_notification(smtp_office, notification_id)
    row = found(smtp_office, notification_id)
    assert (row.state, row.smtp_answer) == (State.DEFERRED, "451 4.7.1 greylisted")

    clock.pass_by(seconds=10)
    assert redrive_notifications(smtp_office) == 1

    row = found(smtp_office, notification_id)
    assert (row.state, row.attempts, row.sealed) == (State.SENT, 2, None)
    assert [message["Message-ID"] for message in mail_server.messages()] == [row.message_id]


def test_a_refused_recipient_gets_no_second_attempt(
    smtp_office: PostOffice, mail_server: MailServer, clock: Clock, queued: Callable[..., str]
) -> None:
    """F36: 550."""
    mail_server.at_recipient.append("550 5.1.1 no such user")
    notification_id = queued()
    deliver_notification(smtp_office, notification_id)
    clock.pass_by(days=1)

    assert redrive_notifications(smtp_office) == 0
    row = found(smtp_office, notification_id)
    assert (row.state, row.smtp_answer) == (State.FAILED, "550 5.1.1 no such user")


def test_emails_wait_while_the_mail_server_is_down(
    smtp_office: PostOffice, mail_server: MailServer, clock: Clock, queued: Callable[..., str]
) -> None:
    """F33: down for an hour, then up."""
    mail_server.stop()
    ids = [queued() for _ in range(3)]
    for notification_id in ids:
        deliver_notification(smtp_office, notification_id)
    for _ in range(360):
        clock.pass_by(seconds=10)
        redrive_notifications(smtp_office)
    assert {found(smtp_office, one).state for one in ids} == {State.DEFERRED}
    mail_server.start()

    for _ in range(180):
        clock.pass_by(seconds=10)
        redrive_notifications(smtp_office)

    assert {found(smtp_office, one).state for one in ids} == {State.SENT}
    assert sorted(message["Message-ID"] for message in mail_server.messages()) == sorted(
        found(smtp_office, one).message_id for one in ids
    )


def test_a_line_that_drops_after_the_content_is_repeated_once_and_late(
    smtp_office: PostOffice, mail_server: MailServer, clock: Clock, queued: Callable[..., str]
) -> None:
    """F37: the same Message-ID, not before ten minutes."""
    mail_server.at_content.append("drop")
    notification_id = queued()
    deliver_notification(smtp_office, notification_id)
    clock.pass_by(minutes=9, seconds=59)
    assert redrive_notifications(smtp_office) == 0
    clock.pass_by(seconds=1)

    assert redrive_notifications(smtp_office) == 1
    assert found(smtp_office, notification_id).state is State.SENT
    assert mail_server.taken[0] == mail_server.taken[1]
