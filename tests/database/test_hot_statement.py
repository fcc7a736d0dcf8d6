"""A hot statement does what SQLAlchemy does with the same statement, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, bindparam, insert, or_, select, update
from sqlalchemy.exc import IntegrityError, StatementError

from database.errors import DatabaseUnavailableError
from database.hot_statement import HotStatement
from database.instants import Instant

if TYPE_CHECKING:
    from database.engine import Database

metadata = MetaData()
visits = Table(
    "visits",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(20), nullable=False),
    Column("came_at", Instant, nullable=False),
    Column("left_at", Instant),
)
ADD = HotStatement(insert(visits))
_this_one = visits.c.id == bindparam("wanted")
FIND = HotStatement(select(visits.c.name.label("visitor"), visits.c.came_at, visits.c.left_at).where(_this_one))
LEAVE = HotStatement(
    update(visits)
    .where(_this_one, visits.c.left_at.is_(None), or_(visits.c.name == "Ann", visits.c.name == "Bob"))
    .values(left_at=bindparam("now"), name="gone")
)
RENAME = HotStatement(update(visits).where(_this_one).values(name="new").returning(visits.c.came_at))
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def with_visits(database: Database) -> Database:
    metadata.create_all(database.engine)
    with database.transaction() as connection:
        for number, name in enumerate(("Ann", "Bob", "Cid")):
            ADD.run(connection, {"id": number, "name": name, "came_at": NOON, "left_at": None})
    return database


def found(database: Database, wanted: int) -> Any:
    with database.reading() as connection:
        return FIND.run(connection, {"wanted": wanted}).one_or_none()


def test_what_was_written_is_read_by_the_names_of_the_statement(with_visits: Database) -> None:
    row = found(with_visits, 0)

    assert (row.visitor, row.came_at, row.left_at) == ("Ann", NOON, None)
    assert found(with_visits, 7) is None


def test_sqlalchemy_reads_the_same(with_visits: Database) -> None:
    """F15: instants are kept in one form, whoever writes them."""
    with with_visits.transaction() as connection:
        ADD.run(
            connection,
            {"id": 9, "name": "Dan", "came_at": NOON.astimezone(timezone(timedelta(hours=9))), "left_at": NOON},
        )
        row = connection.execute(select(visits).where(visits.c.id == 9)).one()

    assert (row.name, row.came_at, row.left_at) == ("Dan", NOON, NOON)
    assert found(with_visits, 9).came_at == NOON


def test_conditions_count_the_rows_they_matched(with_visits: Database) -> None:
    """What may happen once: the second one finds nothing."""
    later = NOON + timedelta(hours=1)
    with with_visits.transaction() as connection:
        counts = [LEAVE.run(connection, {"wanted": wanted, "now": later}).rowcount for wanted in (0, 0, 2, 7)]

    assert counts == [1, 0, 0, 0]
    assert (found(with_visits, 0).visitor, found(with_visits, 0).left_at) == ("gone", later)


def test_what_a_change_returns_is_given(with_visits: Database) -> None:
    with with_visits.transaction() as connection:
        assert RENAME.run(connection, {"wanted": 1}).one().came_at == NOON
        assert RENAME.run(connection, {"wanted": 7}).one_or_none() is None


def test_what_is_undone_stays_undone(with_visits: Database) -> None:
    def leave_and_fail() -> None:
        with with_visits.transaction() as connection:
            LEAVE.run(connection, {"wanted": 0, "now": NOON})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        leave_and_fail()
    assert found(with_visits, 0).left_at is None


def test_a_row_that_is_there_already_is_sqlalchemy_s_error(with_visits: Database) -> None:
    with pytest.raises(IntegrityError) as refusal, with_visits.transaction() as connection:
        ADD.run(connection, {"id": 0, "name": "secret", "came_at": NOON, "left_at": None})

    assert (refusal.value.statement, refusal.value.params) == (None, None)


def test_a_naive_instant_is_refused(with_visits: Database) -> None:
    with pytest.raises((StatementError, ValueError)), with_visits.transaction() as connection:
        ADD.run(connection, {"id": 5, "name": "x", "came_at": datetime(2026, 6, 1), "left_at": None})  # noqa: DTZ001


def test_a_table_that_is_missing_is_our_defect_and_no_outage(database: Database) -> None:
    with pytest.raises(Exception) as defect, database.reading() as connection:  # noqa: PT011 - one of two, by database
        FIND.run(connection, {"wanted": 0})

    assert not isinstance(defect.value, DatabaseUnavailableError)


def test_more_rows_than_one_are_not_one(with_visits: Database) -> None:
    everything = HotStatement(select(visits.c.id))
    with with_visits.reading() as connection, pytest.raises(ValueError, match="more came"):
        everything.run(connection, {}).one_or_none()


def test_a_list_of_values_is_refused_when_it_is_compiled(with_visits: Database) -> None:
    """SQLAlchemy writes an IN anew for each list."""
    some = HotStatement(select(visits.c.id).where(visits.c.id.in_([1, 2])))

    with with_visits.reading() as connection, pytest.raises(ValueError, match="compiled once"):
        some.run(connection, {})
