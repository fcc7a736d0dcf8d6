"""Transactions that become part of one around them, on SQLite and PostgreSQL alike (F07, F47)."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from database.engine import Database, after_commit

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def notes(url: str) -> Iterator[Database]:
    database = Database(url)
    with database.transaction() as connection:
        connection.execute(text("CREATE TABLE notes (n INTEGER NOT NULL PRIMARY KEY)"))
    yield database
    database.close()


def note(database: Database, n: int) -> None:
    with database.transaction() as connection:
        connection.execute(text("INSERT INTO notes VALUES (:n)"), {"n": n})


def noted(database: Database) -> list[int]:
    with database.reading() as connection:
        return list(connection.execute(text("SELECT n FROM notes ORDER BY n")).scalars())


def test_all_are_kept_together(notes: Database) -> None:
    with notes.joined():
        note(notes, 1)
        note(notes, 2)

    assert noted(notes) == [1, 2]


def test_none_is_kept_when_the_one_around_fails(notes: Database) -> None:
    def work() -> None:
        with notes.joined():
            note(notes, 1)
            raise KeyError

    with pytest.raises(KeyError):
        work()

    assert noted(notes) == []


def test_one_that_fails_and_is_caught_is_undone_alone(notes: Database) -> None:
    def note_two(*numbers: int) -> None:
        with notes.transaction() as connection:
            for n in numbers:
                connection.execute(text("INSERT INTO notes VALUES (:n)"), {"n": n})

    with notes.joined():
        note(notes, 1)
        with pytest.raises(IntegrityError):
            note_two(5, 1)
        note(notes, 2)

    assert noted(notes) == [1, 2]


def test_a_read_within_sees_what_was_written_so_far(notes: Database) -> None:
    with notes.joined():
        note(notes, 1)

        assert noted(notes) == [1]


def test_another_thread_is_no_part_of_it(notes: Database) -> None:
    seen: list[list[int]] = []

    with notes.joined():
        note(notes, 1)
        other = threading.Thread(target=lambda: seen.append(noted(notes)))
        other.start()
        other.join()

    assert seen == [[]]


def test_calls_for_after_the_commit_wait_for_the_one_around(notes: Database) -> None:
    """Those of one that was undone are never made."""
    called: list[str] = []

    def call(name: str, *faults: Exception) -> None:
        with notes.transaction() as connection:
            after_commit(connection, lambda: called.append(name))
            for fault in faults:
                raise fault

    with notes.joined():
        call("kept")
        with pytest.raises(KeyError):
            call("undone", KeyError())
        assert called == []

    assert called == ["kept"]


def test_what_comes_after_it_stands_alone_again(notes: Database) -> None:
    def work() -> None:
        with notes.transaction() as connection:
            connection.execute(text("INSERT INTO notes VALUES (2)"))
            raise KeyError

    with notes.joined():
        note(notes, 1)
    with pytest.raises(KeyError):
        work()

    assert noted(notes) == [1]
