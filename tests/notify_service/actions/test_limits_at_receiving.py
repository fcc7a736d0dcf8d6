"""Limits on what comes in, asked of the ledger itself (T54)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier
from typing import TYPE_CHECKING, Any

import pytest

from notify_service.actions.deliver_notification import deliver_notification
from notify_service.actions.receive_notification import receive_notification
from notify_service.actions.redrive_notifications import redrive_notifications
from notify_service.domain.limit import LIMITS
from notify_service.domain.notification import State
from notify_service.storage import notifications
from tests.notify_service.doubles import NOW, OWNER, PORTAL, SENDER

if TYPE_CHECKING:
    from collections.abc import Callable

    from database.engine import Database
    from notify_service.actions.post_office import PostOffice
    from notify_service.domain.notification import Notification
    from tests.notify_service.doubles import Clock, Letterbox, Sender

    Receive = Callable[..., Notification]

SMALL = replace(
    LIMITS,
    verification=replace(LIMITS.verification, most=3),
    address=replace(LIMITS.address, most=5),
    organization=replace(LIMITS.organization, most=4),
    overall=replace(LIMITS.overall, most=6),
)
REMINDER = "device_authorized"


@pytest.fixture
def receive(any_database: Database, sender: Sender) -> Receive:
    """Give a call that takes a message in and gives what became of it."""

    def call(template: str = REMINDER, recipient: str = OWNER, **more: Any) -> Notification:
        message = sender.message_of(template, recipient, **more)
        received = receive_notification(
            any_database, message, notification_key=sender.key, sender=SENDER, portal_url=PORTAL, limits=SMALL
        )
        assert received is not None
        with any_database.reading() as connection:
            found = notifications.find(connection, received)
        assert found is not None
        return found

    return call


def test_three_verification_emails_in_six_hours_and_the_next_is_held(receive: Receive) -> None:
    """T54: whoever types a stranger's address again and again."""
    states = [receive("verify_address", at=NOW + timedelta(minutes=minute)).state for minute in range(5)]

    assert states == [State.QUEUED] * 3 + [State.HELD] * 2
    held = receive("verify_address", "Owner+again@Shop.example")
    assert (held.state, held.fault, held.counted_at) == (State.HELD, "over_limit", None)
    assert held.smtp_answer == "Over the limit of 3 emails of this kind to this address in 6 hours: held."
    assert receive("verify_address", "other@shop.example").state is State.QUEUED


def test_a_held_email_makes_nobody_wait_the_longer(receive: Receive) -> None:
    """T54: an attacker who goes on asking cannot lock the owner of an address out."""
    for minute in (0, 1, 2, 100, 200, 300):
        receive("verify_address", at=NOW + timedelta(minutes=minute))

    assert receive("verify_address", at=NOW + timedelta(hours=6) - timedelta(seconds=1)).state is State.HELD
    assert receive("verify_address", at=NOW + timedelta(hours=6)).state is State.QUEUED


def test_each_step_of_a_registration_has_its_own_three(receive: Receive) -> None:
    for _ in range(3):
        receive("verify_address")

    assert receive("activate_group").state is State.QUEUED


def test_over_the_limit_of_an_address_emails_wait_in_a_row(receive: Receive) -> None:
    """T54: they do not all come at the end of the window either."""
    for minute in range(5):
        assert receive(at=NOW + timedelta(minutes=minute)).state is State.QUEUED
    waiting = [receive(at=NOW + timedelta(hours=1)) for _ in range(6)]

    assert {one.state for one in waiting} == {State.DEFERRED}
    ends = [one.next_attempt_at - NOW for one in waiting if one.next_attempt_at]
    day = timedelta(days=1)
    assert ends == [*(day + timedelta(minutes=minute) for minute in range(5)), 2 * day]


def test_over_the_limit_of_an_organization_the_others_go_on(receive: Receive) -> None:
    """T54."""
    for owner in range(4):
        assert receive(recipient=f"owner{owner}@shop.example", organization_id="org-1").state is State.QUEUED

    assert receive(recipient="owner5@shop.example", organization_id="org-1").state is State.DEFERRED
    assert receive(recipient="owner5@shop.example", organization_id="org-2").state is State.QUEUED


def test_over_the_limit_of_all_verification_emails_still_go(receive: Receive) -> None:
    """T54, F39: a flood of reminders does not keep anybody from registering."""
    for number in range(6):
        assert receive(recipient=f"a{number}@shop.example").state is State.QUEUED

    late = receive(recipient="a7@shop.example")
    assert late.next_attempt_at == NOW + timedelta(hours=1)
    assert receive("verify_address", "new@shop.example").state is State.QUEUED


def test_of_many_that_come_in_at_once_no_more_than_the_limit_pass(receive: Receive) -> None:
    """T54: workers that read the same count would each let theirs pass."""
    together = Barrier(8)

    def reach(_: int) -> State:
        together.wait()
        return receive("verify_address").state

    with ThreadPoolExecutor(8) as pool:
        states = list(pool.map(reach, range(8)))

    assert states.count(State.QUEUED) == 3


def test_a_repeat_of_a_held_message_changes_nothing(any_database: Database, receive: Receive, sender: Sender) -> None:
    """F25: its sender repeats it until we know it."""
    for _ in range(3):
        receive("verify_address")
    message = sender.message_of("verify_address")
    given = {"notification_key": sender.key, "sender": SENDER, "portal_url": PORTAL, "limits": SMALL}

    received = {receive_notification(any_database, message, **given) for _ in range(2)}

    assert received == {message.notification_id}


def test_what_waits_for_a_limit_is_sent_when_its_time_comes_and_not_before(
    office: PostOffice, letterbox: Letterbox, clock: Clock, queued: Callable[..., str], sender: Sender
) -> None:
    """T54."""
    few = replace(LIMITS, address=replace(LIMITS.address, most=1))
    deliver_notification(office, queued())
    received = receive_notification(
        office.database,
        sender.message(),
        notification_key=sender.key,
        sender=SENDER,
        portal_url=PORTAL,
        limits=few,
    )
    assert received is not None

    deliver_notification(office, received)
    assert len(letterbox.emails) == 1
    clock.pass_by(hours=24)
    redrive_notifications(office)
    assert len(letterbox.emails) == 2
