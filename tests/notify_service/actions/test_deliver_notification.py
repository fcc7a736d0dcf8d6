from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from cryptography.fernet import Fernet

from notify_service.actions.deliver_notification import deliver_notification
from notify_service.actions.receive_notification import ReceivedMessage, receive_notification
from notify_service.domain.errors import (
    EmailNotMadeError,
    OutdatedError,
    RecipientRefusedError,
    ServerUnreachableError,
    TemporaryRefusalError,
    WorkersLostError,
)
from notify_service.domain.notification import MOST_LOSSES, State
from notify_service.storage import notifications
from tests.notify_service.doubles import NOW, OWNER, PORTAL, SENDER
from wire.notification_contexts import FIRST_QUEUE_NAME
from wire.notification_message import MESSAGE_VERSION, NotificationMessage, seal_message

if TYPE_CHECKING:
    from collections.abc import Callable

    from notify_service.actions.post_office import PostOffice
    from notify_service.domain.notification import Notification
    from tests.notify_service.doubles import Clock, Letterbox, Sender


def found(office: PostOffice, notification_id: str) -> Notification:
    with office.database.reading() as connection:
        row = notifications.find(connection, notification_id)
    assert row is not None
    return row


def test_a_queued_notification_is_sent_and_its_content_erased(
    office: PostOffice, letterbox: Letterbox, queued: Callable[..., str]
) -> None:
    """T57."""
    notification_id = queued()

    assert deliver_notification(office, notification_id) is None

    (email,) = letterbox.emails
    assert (email.sender, email.recipient) == (SENDER, OWNER)
    assert email.message_id == f"<{notification_id}@tillpass.example>"
    assert email.content.subject == "Till 1 was authorized in Corner Shops"
    row = found(office, notification_id)
    assert (row.state, row.sealed, row.attempts, row.sent_at) == (State.SENT, None, 1, NOW)


def test_an_email_is_written_in_the_language_of_its_message(
    office: PostOffice, letterbox: Letterbox, queued: Callable[..., str]
) -> None:
    deliver_notification(office, queued(locale="es"))

    assert letterbox.emails[0].content.subject == "Se autorizó Till 1 en Corner Shops"


def test_a_second_delivery_sends_nothing(office: PostOffice, letterbox: Letterbox, queued: Callable[..., str]) -> None:
    """F25."""
    notification_id = queued()
    deliver_notification(office, notification_id)

    assert deliver_notification(office, notification_id) is None
    assert len(letterbox.emails) == 1


def test_a_delivery_while_another_is_sending_sends_nothing(
    office: PostOffice, letterbox: Letterbox, queued: Callable[..., str]
) -> None:
    """F12, F34."""
    notification_id = queued()
    letterbox.meanwhile = lambda: deliver_notification(office, notification_id)

    deliver_notification(office, notification_id)

    assert len(letterbox.emails) == 1


def test_an_unknown_id_is_nothing_to_send(office: PostOffice, letterbox: Letterbox) -> None:
    assert deliver_notification(office, "nobody") is None
    assert letterbox.emails == []


def test_a_temporary_refusal_defers_and_the_repeat_is_the_same_email(
    office: PostOffice, letterbox: Letterbox, clock: Clock, queued: Callable[..., str]
) -> None:
    """F35."""
    notification_id = queued()
    letterbox.fault = TemporaryRefusalError("451 later")

    assert deliver_notification(office, notification_id) is letterbox.fault

    row = found(office, notification_id)
    assert (row.state, row.smtp_answer) == (State.DEFERRED, "451 later")
    assert row.next_attempt_at == NOW + timedelta(seconds=10)
    letterbox.fault = None
    assert deliver_notification(office, notification_id) is None
    assert len(letterbox.emails) == 1
    clock.pass_by(seconds=10)
    deliver_notification(office, notification_id)
    assert letterbox.emails[0] == letterbox.emails[1]
    assert found(office, notification_id).state is State.SENT


def test_waits_grow_with_the_attempts_and_take_the_jitter(
    office: PostOffice, letterbox: Letterbox, clock: Clock, queued: Callable[..., str]
) -> None:
    """F33."""
    notification_id = queued()
    letterbox.fault = TemporaryRefusalError()
    shaken = replace(office, jitter=lambda: 0.5)
    deliver_notification(shaken, notification_id)
    clock.pass_by(minutes=1)

    deliver_notification(shaken, notification_id)

    assert found(office, notification_id).next_attempt_at == clock.now + timedelta(seconds=25)


def test_a_refused_recipient_fails_and_the_content_is_kept_for_an_operator(
    office: PostOffice, letterbox: Letterbox, queued: Callable[..., str]
) -> None:
    """F36."""
    notification_id = queued()
    letterbox.fault = RecipientRefusedError("550 no such user")

    deliver_notification(office, notification_id)

    row = found(office, notification_id)
    assert (row.state, row.smtp_answer, row.resendable) == (State.FAILED, "550 no such user", True)


def test_a_message_that_no_longer_opens_waits_for_its_key(
    office: PostOffice, letterbox: Letterbox, queued: Callable[..., str]
) -> None:
    notification_id = queued()
    locked_out = replace(office, notification_key=Fernet.generate_key().decode())

    fault = deliver_notification(locked_out, notification_id)

    assert isinstance(fault, EmailNotMadeError)
    assert letterbox.emails == []
    assert found(office, notification_id).state is State.DEFERRED


def test_a_worker_that_lost_its_lease_while_it_failed_changes_nothing(
    office: PostOffice, letterbox: Letterbox, clock: Clock, queued: Callable[..., str]
) -> None:
    """F12: a slow loser must not defer what another has sent."""
    notification_id = queued()

    def another_takes_over() -> None:
        letterbox.meanwhile = lambda: None
        clock.pass_by(seconds=11)
        deliver_notification(office, notification_id)
        letterbox.fault = ServerUnreachableError()

    letterbox.meanwhile = another_takes_over
    deliver_notification(office, notification_id)

    assert found(office, notification_id).state is State.SENT


def test_no_log_line_shows_an_address(
    office: PostOffice, letterbox: Letterbox, queued: Callable[..., str], caplog: pytest.LogCaptureFixture
) -> None:
    """T55."""
    caplog.set_level(logging.DEBUG)
    letterbox.fault = RecipientRefusedError(f"550 {OWNER} unknown")
    deliver_notification(office, queued())
    letterbox.fault = None
    deliver_notification(office, queued("other@shop.example"))
    deliver_notification(office, queued())

    assert len(caplog.records) == 3
    assert not any(OWNER in str(vars(record)) for record in caplog.records)


def test_an_email_that_worker_after_worker_dies_over_is_given_up_and_told(
    office: PostOffice,
    letterbox: Letterbox,
    clock: Clock,
    queued: Callable[..., str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """F24: no crash loop for ever."""
    notification_id = queued()
    letterbox.meanwhile = _die
    for _ in range(MOST_LOSSES):
        with pytest.raises(KeyboardInterrupt):
            deliver_notification(office, notification_id)
        clock.pass_by(minutes=30)

    fault = deliver_notification(office, notification_id)

    row = found(office, notification_id)
    assert isinstance(fault, WorkersLostError)
    assert (row.state, row.fault) == (State.FAILED, "workers_lost")
    assert [record.levelname for record in caplog.records] == ["ERROR"]


def _die() -> None:
    raise KeyboardInterrupt


def test_an_email_whose_link_has_expired_is_not_sent_late(
    office: PostOffice, letterbox: Letterbox, clock: Clock, sender: Sender
) -> None:
    """F25: who waits for it has asked for another."""
    message = NotificationMessage(
        id=uuid4(),
        template="verify_address",
        recipient=OWNER,
        context={
            "group_name": "Corner Shops",
            "verify_url": f"{PORTAL}/registrations/verify",
            "code": "BCDF-GHJK",
            "expires_at": (NOW + timedelta(hours=24)).isoformat(),
            "code_expires_at": (NOW + timedelta(minutes=10)).isoformat(),
        },
    )
    sealed = ReceivedMessage(MESSAGE_VERSION, str(message.id), seal_message(message, sender.key), NOW)
    received = receive_notification(
        office.database, sealed, notification_key=sender.key, sender=SENDER, portal_url=PORTAL
    )
    assert received is not None
    clock.pass_by(hours=24)

    assert isinstance(deliver_notification(office, received), OutdatedError)

    row = found(office, received)
    assert letterbox.emails == []
    assert (row.state, row.sealed, row.queue) == (State.CANCELLED, None, FIRST_QUEUE_NAME)
