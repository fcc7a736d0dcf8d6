from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import TYPE_CHECKING

from notify_service.storage import beat_leases
from tests.notify_service.doubles import NOW

if TYPE_CHECKING:
    from database.engine import Database

LENGTH = timedelta(seconds=15)


def hold(database: Database, holder: str, *, after: timedelta = timedelta(0)) -> bool:
    with database.transaction() as connection:
        return beat_leases.hold(connection, holder, now=NOW + after, until=NOW + after + LENGTH)


def test_of_two_beats_one_holds_the_lease_for_as_long_as_it_renews_it(any_database: Database) -> None:
    """F12."""
    assert hold(any_database, "a")
    assert not hold(any_database, "b", after=LENGTH / 2)
    assert hold(any_database, "a", after=LENGTH / 2)
    assert not hold(any_database, "b", after=LENGTH)


def test_a_lease_that_ran_out_or_was_given_up_is_another_s(any_database: Database) -> None:
    """F12: beat was killed, or stopped."""
    hold(any_database, "a")
    assert hold(any_database, "b", after=LENGTH)
    assert not hold(any_database, "a", after=LENGTH)

    with any_database.transaction() as connection:
        beat_leases.give_up(connection, "a", now=NOW + LENGTH)
        beat_leases.give_up(connection, "b", now=NOW + LENGTH)

    assert hold(any_database, "a", after=LENGTH)


def test_of_many_beats_that_start_at_once_one_gets_it(any_database: Database) -> None:
    together = Barrier(4)

    def reach(number: int) -> bool:
        together.wait()
        return hold(any_database, str(number))

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(reach, range(4))) == 1
