from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from notify_service.actions.deliver_notification import deliver_notification
from notify_service.actions.redrive_notifications import redrive_notifications
from notify_service.domain.errors import RecipientRefusedError, ServerUnreachableError, TemporaryRefusalError
from notify_service.domain.notification import State
from notify_service.domain.page import NotificationsWanted
from notify_service.storage import notifications
from notify_service.storage.notification_pages import list_page

if TYPE_CHECKING:
    from collections.abc import Callable

    from notify_service.actions.post_office import PostOffice
    from tests.notify_service.doubles import Clock, Letterbox


def states(office: PostOffice) -> list[State]:
    with office.database.reading() as connection:
        return [row.state for row in list_page(connection, NotificationsWanted(limit=99)).notifications]


def test_a_fresh_notification_is_left_to_the_worker_that_has_it(
    office: PostOffice, letterbox: Letterbox, queued: Callable[..., str]
) -> None:
    queued()

    assert redrive_notifications(office) == 0
    assert letterbox.emails == []


def test_a_notification_left_lying_is_sent(
    office: PostOffice, letterbox: Letterbox, clock: Clock, queued: Callable[..., str]
) -> None:
    """F08, F09: the worker died between writing down and sending."""
    queued()
    clock.pass_by(seconds=10)

    assert redrive_notifications(office) == 1
    assert states(office) == [State.SENT]


def test_a_dead_workers_notification_is_sent_with_the_same_message_id(
    office: PostOffice, letterbox: Letterbox, clock: Clock, queued: Callable[..., str]
) -> None:
    """F09, F11."""
    notification_id = queued()
    with office.database.transaction() as connection:
        notifications.take_lease(
            connection, notification_id, now=clock.now, lease_until=clock.now + timedelta(seconds=10)
        )
    clock.pass_by(seconds=9)
    assert redrive_notifications(office) == 0
    clock.pass_by(seconds=1)

    assert redrive_notifications(office) == 1
    assert [email.message_id for email in letterbox.emails] == [f"<{notification_id}@tillpass.example>"]


def test_a_server_that_is_away_is_asked_once_per_run(
    office: PostOffice, letterbox: Letterbox, clock: Clock, queued: Callable[..., str]
) -> None:
    """F33: no attempt of the others is burned."""
    for _ in range(3):
        queued()
    clock.pass_by(seconds=10)
    letterbox.fault = ServerUnreachableError("away")

    assert redrive_notifications(office) == 1
    assert sorted(states(office)) == [State.DEFERRED, State.QUEUED, State.QUEUED]
    letterbox.fault = None
    clock.pass_by(seconds=10)
    assert redrive_notifications(office) == 3
    assert set(states(office)) == {State.SENT}


def test_a_fault_of_one_recipient_does_not_hold_up_the_others(
    office: PostOffice, letterbox: Letterbox, clock: Clock, queued: Callable[..., str]
) -> None:
    """F35, F36."""
    for number in range(3):
        queued(f"{number}@shop.example")
    clock.pass_by(seconds=10)
    faults = [RecipientRefusedError("550"), TemporaryRefusalError("450"), None]

    def next_fault() -> None:
        letterbox.fault = faults.pop(0)

    letterbox.meanwhile = next_fault

    assert redrive_notifications(office) == 3
    assert sorted(states(office)) == [State.DEFERRED, State.FAILED, State.SENT]


def test_a_run_ends_after_a_few_seconds(
    office: PostOffice, letterbox: Letterbox, clock: Clock, queued: Callable[..., str]
) -> None:
    """F34: a slow server must not let runs pile up."""
    for _ in range(3):
        queued()
    clock.pass_by(seconds=10)
    letterbox.meanwhile = lambda: clock.pass_by(seconds=2)

    assert redrive_notifications(office) == 2


def test_two_runs_at_once_send_nothing_twice(
    office: PostOffice, letterbox: Letterbox, clock: Clock, queued: Callable[..., str]
) -> None:
    """F12."""
    for _ in range(3):
        queued()
    clock.pass_by(seconds=10)

    def another_run() -> None:
        letterbox.meanwhile = lambda: None
        redrive_notifications(office)

    letterbox.meanwhile = another_run
    redrive_notifications(office)

    assert len({email.message_id for email in letterbox.emails}) == len(letterbox.emails) == 3


def test_what_was_sent_meanwhile_is_passed_over(
    office: PostOffice, letterbox: Letterbox, clock: Clock, queued: Callable[..., str]
) -> None:
    deliver_notification(office, queued())
    clock.pass_by(days=1)

    assert redrive_notifications(office) == 0
