from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier
from typing import TYPE_CHECKING

import pytest

from notify_service.domain.errors import RecipientRefusedError, TemporaryRefusalError
from notify_service.domain.notification import State
from notify_service.storage import notifications
from tests.notify_service.doubles import NOW, OWNER, row
from wire.notification_contexts import FIRST_QUEUE_NAME

if TYPE_CHECKING:
    from database.engine import Database
    from notify_service.domain.notification import Notification

LEASE_END = NOW + timedelta(seconds=10)
REFUSED = RecipientRefusedError("550 no")
LATER = TemporaryRefusalError("450")


def write(database: Database, *rows: Notification) -> None:
    with database.transaction() as connection:
        for one in rows:
            assert notifications.write_down(connection, one)


def take(database: Database, *, after: timedelta = timedelta(0)) -> Notification | None:
    with database.transaction() as connection:
        return notifications.take_lease(connection, "a", now=NOW + after, lease_until=LEASE_END + after)


def taken(database: Database) -> Notification:
    held = take(database)
    assert held is not None
    return held


def found(database: Database) -> Notification:
    with database.reading() as connection:
        one = notifications.find(connection, "a")
    assert one is not None
    return one


def test_a_row_comes_back_as_it_was_written(any_database: Database) -> None:
    write(any_database, row())

    assert found(any_database) == row()


def test_an_id_is_written_down_once(any_database: Database) -> None:
    """F25: the same message delivered twice."""
    write(any_database, row())

    with any_database.transaction() as connection:
        assert not notifications.write_down(connection, row(recipient="other@shop.example"))
    assert found(any_database).recipient == OWNER


def test_a_queued_row_is_taken_once(any_database: Database) -> None:
    write(any_database, row())

    assert take(any_database) == row(state=State.SENDING, leases=1, attempts=1, lease_until=LEASE_END)
    assert take(any_database, after=timedelta(seconds=9)) is None


def test_of_many_that_reach_for_a_row_at_once_one_gets_it(any_database: Database) -> None:
    """F12: two sweepers at once, no double send."""
    write(any_database, row())
    together = Barrier(8)

    def reach(_: int) -> Notification | None:
        together.wait()
        return take(any_database)

    with ThreadPoolExecutor(8) as pool:
        reached = list(pool.map(reach, range(8)))

    assert sum(one is not None for one in reached) == 1


def test_a_lease_that_ran_out_is_taken_over(any_database: Database) -> None:
    """F09, F10: the worker that held it is dead."""
    write(any_database, row())
    take(any_database)

    again = take(any_database, after=timedelta(seconds=10))

    assert again is not None
    assert (again.attempts, again.leases, again.lost_leases) == (2, 2, 1)


def test_a_renewed_lease_is_not_taken_over(any_database: Database) -> None:
    """F34."""
    write(any_database, row())
    take(any_database)
    with any_database.transaction() as connection:
        assert notifications.renew_lease(connection, "a", lease=1, lease_until=LEASE_END + timedelta(seconds=10))

    assert take(any_database, after=timedelta(seconds=10)) is None


def test_a_lost_lease_can_be_neither_renewed_nor_settled(any_database: Database) -> None:
    write(any_database, row())
    lost = taken(any_database)
    take(any_database, after=timedelta(seconds=10))

    with any_database.transaction() as connection:
        assert not notifications.renew_lease(connection, "a", lease=1, lease_until=LEASE_END)
        assert not notifications.settle_ended(connection, lost, REFUSED, State.FAILED)
        assert not notifications.settle_deferred(connection, lost, LATER, next_attempt_at=NOW, attempts=1)
    assert found(any_database).state is State.SENDING


def test_sent_is_a_fact_whoever_holds_the_lease(any_database: Database) -> None:
    """F11: the mail server took it, so nobody sends it again."""
    write(any_database, row())
    take(any_database)
    take(any_database, after=timedelta(seconds=10))

    with any_database.transaction() as connection:
        assert notifications.settle_sent(connection, "a", now=NOW)
        assert not notifications.settle_sent(connection, "a", now=NOW)
    assert found(any_database) == row(state=State.SENT, leases=2, lost_leases=1, attempts=2, sealed=None, sent_at=NOW)
    assert take(any_database, after=timedelta(days=1)) is None


def test_sent_is_a_fact_even_of_what_another_gave_up(any_database: Database) -> None:
    """F11: or an operator would have it sent again."""
    write(any_database, row())
    take(any_database)
    with any_database.transaction() as connection:
        later = notifications.take_lease(connection, "a", now=LEASE_END, lease_until=LEASE_END)
        assert later is not None
        assert notifications.settle_ended(connection, later, REFUSED, State.FAILED)

        assert notifications.settle_sent(connection, "a", now=LEASE_END)


def test_a_deferred_row_is_taken_when_it_is_due(any_database: Database) -> None:
    write(any_database, row())
    held = taken(any_database)
    with any_database.transaction() as connection:
        assert notifications.settle_deferred(
            connection, held, LATER, next_attempt_at=NOW + timedelta(seconds=30), attempts=1
        )

    assert found(any_database).sealed == "sealed"
    assert (found(any_database).fault, found(any_database).smtp_answer) == ("temporary_refusal", "450")
    assert take(any_database, after=timedelta(seconds=29)) is None
    assert take(any_database, after=timedelta(seconds=30)) is not None


def test_a_failed_row_is_never_taken_and_keeps_its_content_for_a_while(any_database: Database) -> None:
    """T57: for an operator who has it sent again; then it is erased."""
    write(any_database, row())
    held = taken(any_database)
    with any_database.transaction() as connection:
        assert notifications.settle_ended(connection, held, REFUSED, State.FAILED)

    failed = row(state=State.FAILED, leases=1, attempts=1, fault="recipient_refused", smtp_answer="550 no")
    assert found(any_database) == failed
    assert take(any_database, after=timedelta(days=9)) is None
    with any_database.transaction() as connection:
        assert notifications.erase_contents(connection, asked_until=NOW - timedelta(microseconds=1)) == 0
        assert notifications.erase_contents(connection, asked_until=NOW) == 1
        assert notifications.erase_contents(connection, asked_until=NOW) == 0
    assert found(any_database) == replace(failed, sealed=None)


@pytest.mark.parametrize("state", [State.QUEUED, State.SENDING, State.DEFERRED])
def test_what_is_still_to_be_sent_is_never_erased(any_database: Database, state: State) -> None:
    write(any_database, row(state=state))

    with any_database.transaction() as connection:
        assert notifications.erase_contents(connection, asked_until=NOW + timedelta(days=99)) == 0


@pytest.mark.parametrize("state", [State.DEFERRED, State.FAILED, State.HELD])
def test_what_was_not_sent_is_sent_again_with_the_patience_of_a_new_one(any_database: Database, state: State) -> None:
    """T54: and counts for the limits from then on."""
    write(any_database, row(state=state, attempts=7, leases=9, next_attempt_at=None))
    later = NOW + timedelta(days=5)

    with any_database.transaction() as connection:
        assert notifications.send_again(connection, "a", now=later)

    again = found(any_database)
    assert (again.state, again.attempts, again.leases) == (State.DEFERRED, 0, 9)
    assert again.next_attempt_at == again.resent_at == again.counted_at == again.asked_at == later
    assert take(any_database, after=timedelta(days=5)) is not None


@pytest.mark.parametrize(
    "changes",
    [
        *({"state": state} for state in (State.QUEUED, State.SENDING, State.SENT, State.CANCELLED)),
        {"state": State.FAILED, "sealed": None},
        {"id": "b", "state": State.FAILED},
    ],
)
def test_nothing_else_is_sent_again(any_database: Database, changes: dict[str, object]) -> None:
    """T54: above all nothing that was sent."""
    before = replace(row(), **changes)  # type: ignore[arg-type]
    write(any_database, before)

    with any_database.transaction() as connection:
        assert not notifications.send_again(connection, "a", now=NOW)
        assert notifications.find(connection, before.id) == before


def test_what_is_due_is_listed_with_the_longest_due_first(any_database: Database) -> None:
    """F08, F12, F33."""
    ago = {n: NOW - timedelta(seconds=n) for n in (1, 5, 20, 30, 40)}
    write(
        any_database,
        row("fresh", created_at=ago[1]),
        row("left-lying", created_at=ago[20]),
        row("due", state=State.DEFERRED, next_attempt_at=ago[30], created_at=ago[40]),
        row("not-due", state=State.DEFERRED, next_attempt_at=NOW + timedelta(seconds=1), created_at=ago[40]),
        row("dead-lease", state=State.SENDING, lease_until=ago[5], created_at=ago[40]),
        row("live-lease", state=State.SENDING, lease_until=NOW + timedelta(seconds=1), created_at=ago[40]),
        row("sent", state=State.SENT, created_at=ago[40]),
        row("failed", state=State.FAILED, created_at=ago[40]),
    )

    assert due(any_database, limit=9) == ["due", "left-lying", "dead-lease"]
    assert due(any_database, limit=1) == ["due"]


def due(database: Database, limit: int) -> list[str]:
    with database.reading() as connection:
        return notifications.list_due(connection, now=NOW, left_lying_since=NOW - timedelta(seconds=5), limit=limit)


def test_what_a_person_waits_for_is_due_before_what_is_due_longer(any_database: Database) -> None:
    """F39: in the redrive as in the queues."""
    write(
        any_database,
        row("reminder", state=State.DEFERRED, next_attempt_at=NOW - timedelta(hours=1)),
        row("link", state=State.DEFERRED, next_attempt_at=NOW, queue=FIRST_QUEUE_NAME),
    )

    assert due(any_database, limit=9) == ["link", "reminder"]


@pytest.mark.parametrize("state", [State.QUEUED, State.DEFERRED])
def test_what_waits_can_be_cancelled_and_keeps_no_content(any_database: Database, state: State) -> None:
    """F25, T57: an email about something that is true no longer."""
    write(any_database, row(state=state, next_attempt_at=NOW))

    with any_database.transaction() as connection:
        assert notifications.cancel(connection, "a", now=NOW, reason="It was renewed.")
        assert not notifications.cancel(connection, "a", now=NOW, reason="Again.")
    assert found(any_database) == row(state=State.CANCELLED, sealed=None, smtp_answer="It was renewed.")
    assert take(any_database, after=timedelta(days=1)) is None


def test_what_is_being_sent_is_cancelled_only_when_its_worker_is_dead(any_database: Database) -> None:
    write(any_database, row())
    take(any_database)

    with any_database.transaction() as connection:
        assert not notifications.cancel(connection, "a", now=NOW, reason="It was renewed.")
        assert notifications.cancel(connection, "a", now=LEASE_END, reason="It was renewed.")
        # It was only slow, and the email is a fact.
        assert notifications.settle_sent(connection, "a", now=LEASE_END)


@pytest.mark.parametrize("state", [State.SENT, State.FAILED])
def test_what_has_ended_is_not_cancelled(any_database: Database, state: State) -> None:
    write(any_database, row(state=state))

    with any_database.transaction() as connection:
        assert not notifications.cancel(connection, "a", now=NOW, reason="It was renewed.")
