from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import TYPE_CHECKING

import pytest

from notify_service.domain.notification import Notification, State
from notify_service.storage import notifications
from tests.notify_service.doubles import NOW, OWNER

if TYPE_CHECKING:
    from database.engine import Database

LEASE_END = NOW + timedelta(seconds=10)


def row(notification_id: str = "a", **changes: object) -> Notification:
    plain = {
        "template": "device_authorized",
        "recipient": OWNER,
        "sealed": "sealed",
        "state": State.QUEUED,
        "attempts": 0,
        "message_id": "<a@tillpass.example>",
        "lease_until": None,
        "next_attempt_at": None,
        "smtp_answer": None,
        "created_at": NOW,
        "sent_at": None,
    }
    return Notification(id=notification_id, **{**plain, **changes})  # type: ignore[arg-type]


def write(database: Database, *rows: Notification) -> None:
    with database.transaction() as connection:
        for one in rows:
            assert notifications.write_down(connection, one)


def take(database: Database, *, after: timedelta = timedelta(0)) -> Notification | None:
    with database.transaction() as connection:
        return notifications.take_lease(connection, "a", now=NOW + after, lease_until=LEASE_END + after)


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

    taken = take(any_database)

    assert taken == row(state=State.SENDING, attempts=1, lease_until=LEASE_END)
    assert take(any_database, after=timedelta(seconds=9)) is None


def test_of_many_that_reach_for_a_row_at_once_one_gets_it(any_database: Database) -> None:
    """F12: two sweepers at once, no double send."""
    write(any_database, row())
    together = Barrier(8)

    def reach(_: int) -> Notification | None:
        together.wait()
        return take(any_database)

    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(reach, range(8)))

    assert sum(one is not None for one in taken) == 1


def test_a_lease_that_ran_out_is_taken_over(any_database: Database) -> None:
    """F09, F10: the worker that held it is dead."""
    write(any_database, row())
    take(any_database)

    again = take(any_database, after=timedelta(seconds=10))

    assert again is not None
    assert again.attempts == 2


def test_a_renewed_lease_is_not_taken_over(any_database: Database) -> None:
    """F34."""
    write(any_database, row())
    take(any_database)
    with any_database.transaction() as connection:
        assert notifications.renew_lease(connection, "a", attempts=1, lease_until=LEASE_END + timedelta(seconds=10))

    assert take(any_database, after=timedelta(seconds=10)) is None


def test_a_lost_lease_can_be_neither_renewed_nor_settled(any_database: Database) -> None:
    write(any_database, row())
    take(any_database)
    take(any_database, after=timedelta(seconds=10))

    with any_database.transaction() as connection:
        assert not notifications.renew_lease(connection, "a", attempts=1, lease_until=LEASE_END)
        assert not notifications.settle_failed(connection, "a", attempts=1, smtp_answer="550")
        assert not notifications.settle_deferred(connection, "a", attempts=1, next_attempt_at=NOW, smtp_answer="450")
    assert found(any_database).state is State.SENDING


def test_sent_is_a_fact_whoever_holds_the_lease(any_database: Database) -> None:
    """F11: the mail server took it, so nobody sends it again."""
    write(any_database, row())
    take(any_database)
    take(any_database, after=timedelta(seconds=10))

    with any_database.transaction() as connection:
        assert notifications.settle_sent(connection, "a", now=NOW)
        assert not notifications.settle_sent(connection, "a", now=NOW)
    assert found(any_database) == row(state=State.SENT, attempts=2, sealed=None, sent_at=NOW)
    assert take(any_database, after=timedelta(days=1)) is None


def test_a_deferred_row_is_taken_when_it_is_due(any_database: Database) -> None:
    write(any_database, row())
    take(any_database)
    with any_database.transaction() as connection:
        assert notifications.settle_deferred(
            connection, "a", attempts=1, next_attempt_at=NOW + timedelta(seconds=30), smtp_answer="450"
        )

    assert found(any_database).sealed == "sealed"
    assert take(any_database, after=timedelta(seconds=29)) is None
    assert take(any_database, after=timedelta(seconds=30)) is not None


def test_a_failed_row_keeps_no_content_and_is_never_taken(any_database: Database) -> None:
    """T57."""
    write(any_database, row())
    take(any_database)
    with any_database.transaction() as connection:
        assert notifications.settle_failed(connection, "a", attempts=1, smtp_answer="550 no")

    assert found(any_database) == row(state=State.FAILED, attempts=1, sealed=None, smtp_answer="550 no")
    assert take(any_database, after=timedelta(days=9)) is None


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

    def listed(limit: int) -> list[str]:
        with any_database.reading() as connection:
            return notifications.list_due(connection, now=NOW, left_lying_since=ago[5], limit=limit)

    assert listed(9) == ["due", "left-lying", "dead-lease"]
    assert listed(1) == ["due"]


@pytest.mark.parametrize("limit", [1, 9])
def test_the_newest_come_first(any_database: Database, limit: int) -> None:
    write(any_database, row("old"), row("new", created_at=NOW + timedelta(seconds=1)))

    with any_database.reading() as connection:
        listed = notifications.list_newest(connection, limit=limit)
    assert [one.id for one in listed] == ["new", "old"][:limit]


def test_those_that_exist_are_found_among_the_asked_for(any_database: Database) -> None:
    write(any_database, row("b"), row("a"))

    with any_database.reading() as connection:
        listed = notifications.find_many(connection, ["a", "nobody", "b"])
    assert [one.id for one in listed] == ["a", "b"]
