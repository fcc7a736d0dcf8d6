"""Everything that is counted, on both databases."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from notify_service.domain.figures import SENT_WITHIN_SECONDS
from notify_service.domain.notification import State
from notify_service.storage import notifications
from notify_service.storage.figures import read_figures
from tests.notify_service.doubles import NOW, row
from wire.notification_contexts import FIRST_QUEUE_NAME, QUEUE_NAME

if TYPE_CHECKING:
    from database.engine import Database
    from notify_service.domain.figures import Figures
    from notify_service.domain.notification import Notification

SECOND = timedelta(seconds=1)


def figures_of(database: Database, *rows: Notification) -> Figures:
    with database.transaction() as connection:
        for one in rows:
            assert notifications.write_down(connection, one)
    with database.reading() as connection:
        return read_figures(connection, NOW)


def sent(name: str, seconds: float, **more: object) -> Notification:
    return row(name, state=State.SENT, sent_at=NOW, created_at=NOW - seconds * SECOND, leases=1, **more)


def test_an_empty_ledger_has_noughts_and_no_ages(any_database: Database) -> None:
    figures = figures_of(any_database)

    for queue in figures.queues.values():
        assert set(queue.states) == set(State)
        assert set(queue.states.values()) | set(queue.sent_within) | {queue.attempts} == {0}
        assert (queue.seconds_to_sent, queue.oldest_waiting_at, queue.due_since) == (0, None, None)
    assert (figures.pause, figures.set_aside, figures.refused_addresses, figures.overdue_seconds) == (None, 0, 0, 0)


def test_times_to_sent_are_counted_within_their_bounds(any_database: Database) -> None:
    figures = figures_of(
        any_database,
        sent("quick", 0.5),
        sent("slow", 7),
        sent("late", 90_000),
        sent("again", 90_000, resent_at=NOW - 20 * SECOND),
        sent("link", 1, queue=FIRST_QUEUE_NAME),
        row("waits"),
    )

    others = figures.queues[QUEUE_NAME]
    assert dict(zip(SENT_WITHIN_SECONDS, others.sent_within, strict=True)) == {
        **dict.fromkeys((1, 2, 5), 1),
        10: 2,
        **dict.fromkeys((30, 60, 300, 1_800, 7_200, 86_400), 3),
    }
    assert abs(others.seconds_to_sent - 90_027.5) < 0.01
    assert (others.states[State.SENT], others.attempts) == (4, 4)
    assert figures.queues[FIRST_QUEUE_NAME].states[State.SENT] == 1


def test_the_oldest_that_waits_may_not_be_due(any_database: Database) -> None:
    """F35: greylisted for hours, it tells nothing about our worker."""
    figures = figures_of(
        any_database,
        row("greylisted", state=State.DEFERRED, created_at=NOW - 900 * SECOND, next_attempt_at=NOW + SECOND),
        row("ended", state=State.FAILED, created_at=NOW - 999 * SECOND),
        row("held", state=State.HELD, created_at=NOW - 999 * SECOND),
        row("being-sent", state=State.SENDING, created_at=NOW - 800 * SECOND, lease_until=NOW + SECOND),
    )

    others = figures.queues[QUEUE_NAME]
    assert (others.oldest_waiting_at, others.due_since) == (NOW - 900 * SECOND, None)
    assert figures.overdue_seconds == 0


def test_what_nobody_takes_up_is_overdue(any_database: Database) -> None:
    """F08, F09."""
    for number, waits in enumerate(
        (
            row("new", created_at=NOW - 10 * SECOND),
            row("due", state=State.DEFERRED, created_at=NOW - 90 * SECOND, next_attempt_at=NOW - 20 * SECOND),
            row("dead", state=State.SENDING, created_at=NOW - 90 * SECOND, lease_until=NOW - 30 * SECOND),
        ),
        start=1,
    ):
        assert figures_of(any_database, waits).overdue_seconds == number * 10
