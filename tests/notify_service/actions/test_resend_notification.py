from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from notify_service.actions.deliver_notification import deliver_notification
from notify_service.actions.erase_contents import erase_contents
from notify_service.actions.redrive_notifications import redrive_notifications
from notify_service.actions.resend_notification import resend_notification
from notify_service.domain.errors import (
    NotificationNotFoundError,
    RecipientRefusedError,
    ResendRefusedError,
    TemporaryRefusalError,
)
from notify_service.domain.notification import State
from notify_service.storage import notifications

if TYPE_CHECKING:
    from collections.abc import Callable

    from notify_service.actions.post_office import PostOffice
    from notify_service.domain.notification import Notification
    from tests.notify_service.doubles import Clock, Letterbox


def resend(office: PostOffice, notification_id: str) -> Notification:
    return resend_notification(office.database, notification_id, asked_by="ann", now=office.now())


def found(office: PostOffice, notification_id: str) -> Notification:
    with office.database.reading() as connection:
        one = notifications.find(connection, notification_id)
    assert one is not None
    return one


def test_a_failed_email_is_sent_again_though_its_address_was_refused(
    office: PostOffice, letterbox: Letterbox, clock: Clock, queued: Callable[..., str]
) -> None:
    """F36: the operator knows better than the mark; and mail programs know the copy by its Message-ID."""
    failed = queued()
    letterbox.fault = RecipientRefusedError("550 no such user")
    deliver_notification(office, failed)
    letterbox.fault = None
    clock.pass_by(days=5)

    resent = resend(office, failed)
    redrive_notifications(office)

    assert (resent.state, resent.next_attempt_at, resent.resent_at) == (State.DEFERRED, clock.now, clock.now)
    assert (found(office, failed).state, found(office, failed).sent_at) == (State.SENT, clock.now)
    first, second = letterbox.emails
    assert first == second


def test_after_a_resend_there_is_the_patience_of_a_new_email(
    office: PostOffice, letterbox: Letterbox, clock: Clock, queued: Callable[..., str]
) -> None:
    """F35: greylisting answers 4yz first, and the email is five days old by then."""
    failed = queued()
    clock.pass_by(days=4)
    letterbox.fault = TemporaryRefusalError("451 later")
    deliver_notification(office, failed)
    assert found(office, failed).state is State.FAILED

    resend(office, failed)
    redrive_notifications(office)

    assert found(office, failed).state is State.DEFERRED


def test_a_deferred_email_need_not_wait(
    office: PostOffice, letterbox: Letterbox, clock: Clock, queued: Callable[..., str]
) -> None:
    deferred = queued()
    letterbox.fault = TemporaryRefusalError("451 later")
    deliver_notification(office, deferred)
    letterbox.fault = None

    resend(office, deferred)
    redrive_notifications(office)

    assert found(office, deferred).state is State.SENT


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (State.SENT, "notification_sent"),
        (State.SENDING, "notification_being_sent"),
        (State.QUEUED, "notification_queued"),
        (State.CANCELLED, "notification_cancelled"),
    ],
)
def test_what_was_sent_or_is_about_to_be_is_not_doubled(
    office: PostOffice, letterbox: Letterbox, clock: Clock, queued: Callable[..., str], state: State, code: str
) -> None:
    """T54."""
    notification_id = queued()
    if state is State.SENT:
        deliver_notification(office, notification_id)
    with office.database.transaction() as connection:
        if state is State.SENDING:
            notifications.take_lease(connection, notification_id, now=clock.now, lease_until=clock.now)
        if state is State.CANCELLED:
            notifications.cancel(connection, notification_id, now=clock.now, reason="It was renewed.")

    with pytest.raises(ResendRefusedError) as refused:
        resend(office, notification_id)

    assert refused.value.code == code
    assert found(office, notification_id).state is state


def test_what_is_erased_cannot_be_sent_again(
    office: PostOffice, letterbox: Letterbox, clock: Clock, queued: Callable[..., str]
) -> None:
    """C14: what a failed email said is kept for a week."""
    failed = queued()
    letterbox.fault = RecipientRefusedError("550 no such user")
    deliver_notification(office, failed)
    clock.pass_by(days=6, hours=23)
    assert erase_contents(office.database, clock.now) == 0
    clock.pass_by(hours=1)
    assert erase_contents(office.database, clock.now) == 1

    with pytest.raises(ResendRefusedError) as refused:
        resend(office, failed)

    assert refused.value.code == "notification_erased"


def test_an_unknown_one_is_not_found(office: PostOffice) -> None:
    with pytest.raises(NotificationNotFoundError):
        resend(office, str(uuid4()))
