"""What a failed attempt means for the others: pauses, and addresses that are refused."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from notify_service.actions.deliver_notification import deliver_notification
from notify_service.actions.redrive_notifications import redrive_notifications
from notify_service.domain.errors import (
    AddressMarkedError,
    EmailRefusedError,
    LineBrokenError,
    OutcomeUnknownError,
    RecipientRefusedError,
    ServerMisusedError,
    ServerUnreachableError,
    TemporaryRefusalError,
)
from notify_service.domain.notification import State
from notify_service.storage import notifications, pauses
from tests.notify_service.doubles import NOW, OWNER

if TYPE_CHECKING:
    from collections.abc import Callable

    from notify_service.actions.post_office import PostOffice
    from notify_service.domain.errors import DeliveryError
    from notify_service.domain.notification import Notification
    from notify_service.domain.pause import Pause
    from tests.notify_service.doubles import Clock, Letterbox

LOCKED_OUT = ServerMisusedError("535")
AWAY = ServerUnreachableError("The mail server cannot be reached.")


def found(office: PostOffice, notification_id: str) -> Notification:
    with office.database.reading() as connection:
        row = notifications.find(connection, notification_id)
    assert row is not None
    return row


def pause(office: PostOffice) -> Pause | None:
    with office.database.reading() as connection:
        return pauses.find(connection)


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.message for record in caplog.records if record.levelno >= logging.ERROR]


# --- pauses ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [LOCKED_OUT, AWAY])
def test_a_fault_that_every_email_would_meet_pauses_sending_and_burns_no_attempt(
    office: PostOffice, letterbox: Letterbox, queued: Callable[..., str], fault: DeliveryError
) -> None:
    """F33, F38."""
    ids = [queued() for _ in range(3)]
    letterbox.fault = fault

    assert [deliver_notification(office, one) for one in ids] == [fault, None, None]

    assert len(letterbox.emails) == 1
    assert [found(office, one).attempts for one in ids] == [0, 0, 0]
    going_on = pause(office)
    assert going_on is not None
    assert (going_on.since, going_on.fault, going_on.answer) == (NOW, fault.code, str(fault))


@pytest.mark.parametrize(
    "fault",
    [
        RecipientRefusedError("550"),
        TemporaryRefusalError("450"),
        EmailRefusedError("554"),
        LineBrokenError(),
        OutcomeUnknownError(),
    ],
)
def test_a_fault_of_one_email_pauses_nothing(
    office: PostOffice, letterbox: Letterbox, queued: Callable[..., str], fault: DeliveryError
) -> None:
    """Or whoever can cause one would stop everybody's emails."""
    letterbox.fault = fault

    deliver_notification(office, queued())

    assert pause(office) is None


def test_a_pause_is_probed_ever_later_by_one_email_at_a_time(
    office: PostOffice, letterbox: Letterbox, clock: Clock, queued: Callable[..., str]
) -> None:
    """F38: half a minute, doubling to a quarter of an hour."""
    for _ in range(3):
        queued()
    clock.pass_by(seconds=10)
    letterbox.fault = LOCKED_OUT
    waits, waited = [], 0
    while len(waits) < 8:
        if redrive_notifications(office):
            waits.append(waited)
            waited = 0
        clock.pass_by(seconds=5)
        waited += 5

    assert waits == [0, 30, 60, 120, 240, 480, 900, 900]


def test_a_server_that_is_away_is_asked_twice_a_minute(
    office: PostOffice, letterbox: Letterbox, clock: Clock, queued: Callable[..., str]
) -> None:
    """F33."""
    queued()
    letterbox.fault = AWAY
    for _ in range(3600 // 5):
        clock.pass_by(seconds=5)
        redrive_notifications(office)

    assert 120 <= len(letterbox.emails) <= 126


def test_a_second_probe_does_not_start_while_the_first_runs(
    office: PostOffice, letterbox: Letterbox, clock: Clock, queued: Callable[..., str]
) -> None:
    ids = [queued() for _ in range(2)]
    letterbox.fault = AWAY
    deliver_notification(office, ids[0])
    clock.pass_by(seconds=5)
    letterbox.meanwhile = lambda: deliver_notification(office, ids[1])

    deliver_notification(office, ids[0])

    assert len(letterbox.emails) == 2


@pytest.mark.parametrize(
    "answer", [None, TemporaryRefusalError("450"), RecipientRefusedError("550"), EmailRefusedError("554")]
)
def test_a_probe_that_gets_in_ends_the_pause_and_the_others_follow(
    office: PostOffice,
    letterbox: Letterbox,
    clock: Clock,
    queued: Callable[..., str],
    answer: DeliveryError | None,
) -> None:
    """F38: by itself; whatever the server says to that email, it let us in."""
    ids = [queued(f"{number}@shop.example") for number in range(3)]
    letterbox.fault = LOCKED_OUT
    deliver_notification(office, ids[0])
    clock.pass_by(seconds=30)
    letterbox.fault = answer

    def only_once() -> None:
        letterbox.meanwhile = lambda: None
        letterbox.fault, once = None, letterbox.fault
        if once:
            raise once

    letterbox.meanwhile = only_once

    assert redrive_notifications(office) == 3
    assert pause(office) is None
    assert [found(office, one).state for one in ids].count(State.SENT) == (3 if answer is None else 2)


def test_a_probe_speaks_on_a_connection_of_its_own(
    office: PostOffice, letterbox: Letterbox, clock: Clock, queued: Callable[..., str]
) -> None:
    """F38: one that signed in before the password was changed would prove nothing."""
    letterbox.fault = LOCKED_OUT
    notification_id = queued()
    deliver_notification(office, notification_id)
    assert letterbox.closed == 0
    clock.pass_by(seconds=30)

    deliver_notification(office, notification_id)

    assert letterbox.closed == 1


def test_an_email_that_never_meets_the_server_proves_nothing(
    office: PostOffice, letterbox: Letterbox, clock: Clock, queued: Callable[..., str]
) -> None:
    """The next one may try at once."""
    letterbox.fault = RecipientRefusedError("550")
    deliver_notification(office, queued())
    letterbox.fault = LOCKED_OUT
    deliver_notification(office, queued("other@shop.example"))
    clock.pass_by(seconds=30)
    letterbox.fault = None
    to_marked = queued()

    assert isinstance(deliver_notification(office, to_marked), AddressMarkedError)
    assert pause(office) is not None

    assert redrive_notifications(office) == 1
    assert pause(office) is None


def test_an_email_that_is_not_there_takes_nobody_s_turn_to_probe(
    office: PostOffice, letterbox: Letterbox, clock: Clock, queued: Callable[..., str]
) -> None:
    sent = queued()
    deliver_notification(office, sent)
    waiting = queued()
    letterbox.fault = AWAY
    deliver_notification(office, waiting)
    clock.pass_by(seconds=5)
    letterbox.fault = None

    assert deliver_notification(office, sent) is None
    deliver_notification(office, waiting)

    assert found(office, waiting).state is State.SENT


def test_what_is_to_be_set_right_is_told_once(
    office: PostOffice,
    letterbox: Letterbox,
    clock: Clock,
    queued: Callable[..., str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """F38: raised to operators once, however many emails wait and probes fail."""
    for _ in range(3):
        queued()
    letterbox.fault = LOCKED_OUT
    for _ in range(720):
        clock.pass_by(seconds=5)
        redrive_notifications(office)

    assert told(caplog) == ["sending is paused"]


def test_a_server_that_is_away_is_told_of_after_ten_minutes_and_once(
    office: PostOffice,
    letterbox: Letterbox,
    clock: Clock,
    queued: Callable[..., str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """F33: a restart of the mail server wakes nobody."""
    deliver = [queued()]
    letterbox.fault = AWAY
    deliver_notification(office, deliver[0])
    for _ in range(118):
        clock.pass_by(seconds=5)
        redrive_notifications(office)
    assert told(caplog) == []

    for _ in range(60):
        clock.pass_by(seconds=5)
        redrive_notifications(office)

    assert told(caplog) == ["sending is paused"]


def test_an_email_that_was_on_its_way_changes_nothing_of_a_pause(
    office: PostOffice, letterbox: Letterbox, queued: Callable[..., str], caplog: pytest.LogCaptureFixture
) -> None:
    first, second = queued(), queued()

    def another_fails() -> None:
        letterbox.meanwhile = lambda: None
        letterbox.fault = AWAY
        deliver_notification(office, second)
        letterbox.fault = LOCKED_OUT

    letterbox.meanwhile = another_fails
    deliver_notification(office, first)

    going_on = pause(office)
    assert going_on is not None
    assert going_on.fault == AWAY.code
    assert told(caplog) == []
    assert found(office, first).attempts == 0


def test_after_four_days_even_a_pause_keeps_no_email(
    office: PostOffice, letterbox: Letterbox, clock: Clock, queued: Callable[..., str]
) -> None:
    """Older news misleads."""
    notification_id = queued()
    clock.pass_by(days=4)
    letterbox.fault = AWAY

    deliver_notification(office, notification_id)

    assert found(office, notification_id).state is State.FAILED


# --- addresses ---------------------------------------------------------------------------------------------------


def test_an_address_that_was_refused_is_not_tried_again_for_days(
    office: PostOffice, letterbox: Letterbox, clock: Clock, queued: Callable[..., str]
) -> None:
    """F36: the asking service sees why."""
    letterbox.fault = RecipientRefusedError("550 5.1.1 no such user")
    deliver_notification(office, queued())
    letterbox.fault = None
    again = queued(OWNER.upper())

    fault = deliver_notification(office, again)

    row = found(office, again)
    assert (row.state, row.fault) == (State.FAILED, "recipient_refused")
    assert row.smtp_answer == str(fault) == ("Not tried, since on 2026-06-01 the answer was: 550 5.1.1 no such user")
    assert len(letterbox.emails) == 1
    clock.pass_by(days=7)
    deliver_notification(office, queued())
    assert len(letterbox.emails) == 2


def test_what_was_not_tried_does_not_make_the_mark_younger(
    office: PostOffice, letterbox: Letterbox, clock: Clock, queued: Callable[..., str]
) -> None:
    letterbox.fault = RecipientRefusedError("550")
    deliver_notification(office, queued())
    clock.pass_by(days=6)
    deliver_notification(office, queued())
    clock.pass_by(days=1)

    deliver_notification(office, queued())

    assert len(letterbox.emails) == 2


def test_marks_can_be_switched_off(office: PostOffice, letterbox: Letterbox, queued: Callable[..., str]) -> None:
    trusting = replace(office, refused_addresses_kept=timedelta(0))
    letterbox.fault = RecipientRefusedError("550")

    for _ in range(2):
        deliver_notification(trusting, queued())

    assert len(letterbox.emails) == 2


def test_a_fault_that_somebody_has_to_set_right_is_said_loudly_once(
    office: PostOffice,
    letterbox: Letterbox,
    clock: Clock,
    queued: Callable[..., str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """F38: 552 and 554."""
    letterbox.fault = EmailRefusedError("554 5.6.0 looks like spam")
    notification_id = queued()
    for _ in range(3):
        deliver_notification(office, notification_id)
        clock.pass_by(hours=1)

    assert len(letterbox.emails) == 3
    assert told(caplog) == ["notification not sent"]
