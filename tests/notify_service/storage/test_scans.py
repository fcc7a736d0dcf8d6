"""When a run of the calendar is due, on either database."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING

from notify_service.storage import scans
from tests.notify_service.doubles import NOW

if TYPE_CHECKING:
    from database.engine import Database

LEASE_UNTIL = NOW + timedelta(minutes=15)
LATER = NOW + timedelta(minutes=30)


def take(database: Database, at: object = NOW) -> bool:
    with database.transaction() as connection:
        return scans.take(connection, "scan", now=at, lease_until=at + timedelta(minutes=15))


def test_a_run_that_never_was_is_due(any_database: Database) -> None:
    with any_database.reading() as connection:
        assert scans.is_due(connection, "scan", NOW)
    assert take(any_database)
    with any_database.reading() as connection:
        assert not scans.is_due(connection, "scan", NOW)


def test_of_many_who_take_a_run_one_gets_it(any_database: Database) -> None:
    """F12: two beats."""
    with ThreadPoolExecutor(8) as threads:
        assert sorted(threads.map(lambda _: take(any_database), range(8))) == [False] * 7 + [True]


def test_of_different_runs_one_goes_on_at_a_time(any_database: Database) -> None:
    """F39: they take one thread of a worker at most."""
    take(any_database)

    with any_database.transaction() as connection:
        assert not scans.take(connection, "another", now=NOW, lease_until=LEASE_UNTIL)
        scans.finish(connection, "scan", lease_until=LEASE_UNTIL, due_at=LATER, now=NOW)
        assert scans.take(connection, "another", now=NOW, lease_until=LEASE_UNTIL)


def test_a_run_that_was_finished_is_due_at_its_time(any_database: Database) -> None:
    take(any_database)
    with any_database.transaction() as connection:
        assert scans.finish(connection, "scan", lease_until=LEASE_UNTIL, due_at=LATER, now=NOW)

    assert not take(any_database, LATER - timedelta(seconds=1))
    assert take(any_database, LATER)


def test_who_outlived_the_lease_settles_nothing(any_database: Database) -> None:
    take(any_database)
    assert take(any_database, LEASE_UNTIL)

    with any_database.transaction() as connection:
        assert not scans.finish(connection, "scan", lease_until=LEASE_UNTIL, due_at=LATER, now=LEASE_UNTIL)
        assert not scans.put_off(connection, "scan", lease_until=LEASE_UNTIL, due_at=LATER, fault="away")
        (found,) = scans.list_all(connection)
    assert (found.finished_at, found.fault, found.due_at) == (None, None, NOW)
