"""What PostgreSQL undoes for the sake of another transaction is done again, and the caller sees success (F29)."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from database.engine import Database
from database.errors import DatabaseUnavailableError, TransactionUndoneError
from database.retried import MOST_TRIES, retried

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PATIENCE = 20


@pytest.fixture
def two_rows(postgresql_url: str) -> Iterator[Database]:
    """Give a database with two rows, that looks for deadlocks at once."""
    with closing(Database(f"{postgresql_url}&options=-c%20deadlock_timeout%3D20ms")) as opened:
        with opened.transaction() as connection:
            connection.execute(text("CREATE TABLE counters (id INTEGER PRIMARY KEY, n INTEGER NOT NULL)"))
            connection.execute(text("INSERT INTO counters VALUES (1, 0), (2, 0)"))
        yield opened


def counts(database: Database) -> list[int]:
    with database.reading() as connection:
        return list(connection.execute(text("SELECT n FROM counters ORDER BY id")).scalars())


def at_once(*calls: Callable[[], object]) -> list[BaseException | None]:
    with ThreadPoolExecutor(len(calls)) as threads:
        return [each.exception(PATIENCE) for each in [threads.submit(call) for call in calls]]


def crossing(database: Database) -> tuple[list[tuple[int, int]], Callable[[int, int], None]]:
    """Give an action that adds to one row and then to the other, and the order of its tries.

    Of two that go the opposite ways neither takes its second row before the other has its first.
    """
    tries: list[tuple[int, int]] = []
    both_have_one = threading.Barrier(2)

    def add(first: int, second: int) -> None:
        tries.append((first, second))
        is_first_try = tries.count((first, second)) == 1
        with database.transaction() as connection:
            for row in (first, second):
                connection.execute(text("UPDATE counters SET n = n + 1 WHERE id = :row"), {"row": row})
                if row == first and is_first_try:
                    both_have_one.wait(PATIENCE)

    return tries, add


def test_of_two_in_a_deadlock_both_succeed(two_rows: Database) -> None:
    """F29."""
    tries, add = crossing(two_rows)

    faults = at_once(lambda: retried(add)(1, 2), lambda: retried(add)(2, 1))

    assert faults == [None, None]
    assert counts(two_rows) == [2, 2]
    assert len(tries) > 2


def test_without_it_one_of_two_in_a_deadlock_is_refused_and_nothing_of_it_is_done(two_rows: Database) -> None:
    """F29: and what it is refused with becomes a 503."""
    _, add = crossing(two_rows)

    faults = at_once(lambda: add(1, 2), lambda: add(2, 1))

    assert sorted(type(fault) for fault in faults if fault is not None) == [TransactionUndoneError]
    assert issubclass(TransactionUndoneError, DatabaseUnavailableError)
    assert counts(two_rows) == [1, 1]


def test_serialization_failure_is_done_again(two_rows: Database) -> None:
    """F29: where whoever runs PostgreSQL has set isolation higher."""
    tries = 0

    @retried
    def add_to_the_first() -> None:
        nonlocal tries
        tries += 1
        with two_rows.transaction() as connection:
            connection.execute(text("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"))
            n = connection.execute(text("SELECT n FROM counters WHERE id = 1")).scalar_one()
            if tries == 1:
                with two_rows.transaction() as rival:
                    rival.execute(text("UPDATE counters SET n = n + 10 WHERE id = 1"))
            connection.execute(text("UPDATE counters SET n = :n WHERE id = 1"), {"n": n + 1})

    add_to_the_first()

    assert (tries, counts(two_rows)) == (2, [11, 0])


def undone() -> OperationalError:
    class DeadlockError(Exception):
        sqlstate = "40P01"

    return OperationalError("UPDATE", {}, DeadlockError())


def test_who_loses_again_and_again_is_told(sqlite: Database) -> None:
    tries = 0

    @retried
    def lose() -> None:
        nonlocal tries
        tries += 1
        with sqlite.transaction():
            raise undone()

    with pytest.raises(TransactionUndoneError):
        lose()

    assert tries == MOST_TRIES


def test_within_a_transaction_only_the_one_around_is_done_again(sqlite: Database) -> None:
    """What it had done before is undone too, and must be done again with it."""
    tries: list[str] = []

    @retried
    def inner() -> None:
        tries.append("inner")
        with sqlite.transaction():
            if len(tries) == 2:
                raise undone()

    @retried
    def outer() -> str:
        tries.append("outer")
        with sqlite.joined():
            inner()
            return "done"

    assert outer() == "done"
    assert tries == ["outer", "inner", "outer", "inner"]


def test_any_other_fault_is_the_callers_at_once(sqlite: Database) -> None:
    tries = 0

    @retried
    def fail() -> None:
        nonlocal tries
        tries += 1
        with sqlite.transaction():
            raise DatabaseUnavailableError

    with pytest.raises(DatabaseUnavailableError):
        fail()

    assert tries == 1
