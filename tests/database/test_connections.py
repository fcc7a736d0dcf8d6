"""Connections are kept for the next one, and given back with nothing open on them (F27, F30)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

if TYPE_CHECKING:
    from database.engine import Database


def _open_files(path: str | None) -> list[str]:
    links = (str(link.readlink()) for link in Path("/proc/self/fd").iterdir() if link.is_symlink())
    return [each for each in links if each.startswith(str(path))]


def test_closed_database_has_no_open_file_and_opens_again(sqlite: Database) -> None:
    path = sqlite.engine.url.database
    sqlite.check()

    before = _open_files(path)
    sqlite.close()

    assert before != []
    assert _open_files(path) == []
    sqlite.check()


def test_child_of_a_fork_speaks_on_connections_of_its_own(database: Database) -> None:
    """Those of the parent stay open, and are not touched: SQLite and servers alike lose data or order by it."""
    with database.reading() as connection:
        of_parent = connection.connection.driver_connection

    database.leave_to_parent()

    with database.reading() as connection:
        assert connection.connection.driver_connection is not of_parent
    of_parent.execute("SELECT 1")  # type: ignore[union-attr]
    of_parent.close()  # type: ignore[union-attr]


@pytest.mark.parametrize("written_by", ["SQLAlchemy", "the driver"])
def test_commit_that_is_refused_keeps_nothing_and_holds_up_nobody(sqlite: Database, written_by: str) -> None:
    with sqlite.transaction() as connection:
        connection.execute(text("CREATE TABLE parent (id INTEGER PRIMARY KEY)"))
        connection.execute(text("CREATE TABLE child (id INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)"))

    def add_orphan(number: int) -> None:
        with sqlite.transaction() as connection:
            statement = f"INSERT INTO child VALUES ({number})"
            if written_by == "SQLAlchemy":
                connection.execute(text(statement))
            else:
                connection.connection.driver_connection.execute(statement)  # type: ignore[union-attr]

    for number in (1, 2):
        with pytest.raises(IntegrityError):
            add_orphan(number)

    with sqlite.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM child")).scalar_one() == 0


def test_the_connection_that_was_used_last_is_used_next(sqlite: Database) -> None:
    """It knows the newest pages; the others would read them again."""
    with sqlite.transaction() as one, sqlite.reading() as another:
        first, second = one.connection.driver_connection, another.connection.driver_connection

    with sqlite.reading() as connection:
        assert connection.connection.driver_connection is first
    assert second is not first


def test_a_reading_that_failed_leaves_a_connection_that_writes(database: Database) -> None:
    def read_and_fail() -> None:
        with database.reading() as connection:
            connection.execute(text("SELECT 1"))
            raise KeyError

    with pytest.raises(KeyError):
        read_and_fail()

    with database.transaction() as connection:
        connection.execute(text("CREATE TABLE kept (n INTEGER)"))
    with database.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM kept")).scalar_one() == 0
