"""The ledger as the calendar sees it, on either database."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from notify_service.domain.notification import Notification, State
from notify_service.storage import calendar_rows, notifications
from notify_service.storage.calendar_rows import NO_LONGER_SO
from tests.notify_service.doubles import NOW, OWNER
from wire.notification_contexts import QUEUE_NAME

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from database.engine import Database


def row(about: str | None = "over_count/o/xms/1/0", **changes: object) -> Notification:
    values: dict[str, object] = {
        "id": str(uuid4()),
        "template": "over_count",
        "queue": QUEUE_NAME,
        "organization_id": "o",
        "recipient": OWNER,
        "sealed": "sealed",
        "state": State.QUEUED,
        "leases": 0,
        "lost_leases": 0,
        "attempts": 0,
        "message_id": "<1@tillpass.example>",
        "lease_until": None,
        "next_attempt_at": None,
        "fault": None,
        "smtp_answer": None,
        "created_at": NOW,
        "sent_at": None,
        "about": about,
        **changes,
    }
    return Notification(**values)  # type: ignore[arg-type]


def write(connection: Connection, notification: Notification) -> bool:
    return notifications.write_down(connection, notification) or calendar_rows.revive(connection, notification)


def test_an_occasion_is_told_once_a_row_of_it_is_there(any_database: Database) -> None:
    with any_database.transaction() as connection:
        assert write(connection, row("a/1"))
        assert write(connection, row(None))

        assert calendar_rows.told(connection, ["a/1", "a/2"]) == {"a/1"}
        assert calendar_rows.told(connection, []) == set()


def test_a_row_is_written_once(any_database: Database) -> None:
    """F25."""
    first = row()
    with any_database.transaction() as connection:
        assert write(connection, first)
        assert not write(connection, first)


def test_what_the_calendar_cancelled_is_written_anew(any_database: Database) -> None:
    """Its leases are counted on, so that nobody who held one before takes it for his."""
    first = row(leases=3, attempts=2)
    with any_database.transaction() as connection:
        write(connection, first)
        notifications.cancel(connection, first.id, now=NOW, reason=NO_LONGER_SO)
        assert calendar_rows.told(connection, [str(first.about)]) == set()

        assert write(connection, row(id=first.id, sealed="anew", created_at=NOW + timedelta(days=1)))

        found = notifications.find(connection, first.id)
    assert found is not None
    assert (found.state, found.sealed, found.leases, found.attempts) == (State.QUEUED, "anew", 3, 0)
    assert (found.smtp_answer, found.created_at) == (None, NOW + timedelta(days=1))


def test_what_somebody_else_cancelled_stays_so(any_database: Database) -> None:
    first = row()
    with any_database.transaction() as connection:
        write(connection, first)
        notifications.cancel(connection, first.id, now=NOW, reason="An operator said so.")

        assert calendar_rows.told(connection, [str(first.about)]) == {first.about}
        assert not write(connection, first)


def test_an_occasion_of_which_one_email_was_cancelled_is_to_be_told(any_database: Database) -> None:
    """The other owner's was sent before it was no longer so."""
    sent, cancelled = row(state=State.SENT), row()
    with any_database.transaction() as connection:
        for each in (sent, cancelled):
            write(connection, each)
        notifications.cancel(connection, cancelled.id, now=NOW, reason=NO_LONGER_SO)

        assert calendar_rows.told(connection, [str(sent.about)]) == set()
        assert [write(connection, each) for each in (sent, cancelled)] == [False, True]


@pytest.mark.parametrize("state", list(State))
def test_what_waits_are_the_calendar_s_emails_that_nobody_sends(any_database: Database, state: State) -> None:
    here = row(state=state)
    with any_database.transaction() as connection:
        for each in (here, row(None, state=state), row(state=state, template="vendor_digest")):
            write(connection, each)

        found = calendar_rows.waiting(connection, ["over_count", "license_expired"])

    assert found == ({here.id: here.about} if state in {State.QUEUED, State.DEFERRED} else {})


def test_what_was_given_up_lately_is_counted(any_database: Database) -> None:
    with any_database.transaction() as connection:
        for changes in (
            {"state": State.FAILED},
            {"state": State.FAILED, "created_at": NOW - timedelta(seconds=1)},
            {"state": State.SENT},
        ):
            write(connection, row(**changes))

        assert calendar_rows.failed_since(connection, NOW) == 1
