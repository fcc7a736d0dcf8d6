"""Instants in a column: aware, UTC, in order (stack: time zones are dropped on read by SQLite)."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, MetaData, Table, insert, select, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import StatementError

from database.instants import Instant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from database.engine import Database

metadata = MetaData()
events = Table("events", metadata, Column("happened_at", Instant))

_instants = st.datetimes(
    min_value=datetime(1, 1, 3),  # noqa: DTZ001 - the bounds of a strategy are naive
    max_value=datetime(9999, 12, 29),  # noqa: DTZ001
    timezones=st.timezones() | st.just(timezone(timedelta(hours=14))) | st.just(timezone(-timedelta(hours=12))),
)


@pytest.fixture
def with_events(database: Database) -> Database:
    metadata.create_all(database.engine)
    return database


def _kept(database: Database, happened_at: datetime | None) -> datetime | None:
    with database.transaction() as connection:
        connection.execute(events.delete())
        connection.execute(insert(events).values(happened_at=happened_at))
        kept: datetime | None = connection.execute(select(events.c.happened_at)).scalar_one()
    return kept


# The table is emptied before each example.
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(happened_at=_instants)
def test_instant_comes_back_as_the_same_instant_in_utc(happened_at: datetime, with_events: Database) -> None:
    kept = _kept(with_events, happened_at)

    assert kept is not None
    assert kept.utcoffset() == timedelta(0)
    assert kept == happened_at.astimezone(UTC)


def test_absent_instant_stays_absent(with_events: Database) -> None:
    assert _kept(with_events, None) is None


def test_instant_of_a_summer_night_that_happened_twice_is_told_apart(with_events: Database) -> None:
    """The fold of a clock change is gone once it is UTC."""
    first = datetime(2026, 10, 25, 2, 30, tzinfo=timezone(timedelta(hours=2)))
    second = datetime(2026, 10, 25, 2, 30, tzinfo=timezone(timedelta(hours=1)))

    assert _kept(with_events, first) != _kept(with_events, second)


@pytest.mark.parametrize("statement", [insert(events), update(events)], ids=["insert", "update"])
def test_naive_datetime_is_refused(statement: object, with_events: Database) -> None:
    """It would be read as UTC, whatever was meant."""
    naive = datetime(2026, 6, 1, 9)  # noqa: DTZ001 - on purpose

    with pytest.raises(StatementError, match="An instant needs its time zone") as refusal:  # noqa: SIM117
        with with_events.transaction() as connection:
            connection.execute(statement.values(happened_at=naive))

    assert isinstance(refusal.value.orig, ValueError)


def test_naive_datetime_is_refused_in_a_question_too(with_events: Database) -> None:
    naive = datetime(2026, 6, 1, 9)  # noqa: DTZ001 - on purpose

    with pytest.raises(StatementError), with_events.reading() as connection:
        connection.execute(select(events).where(events.c.happened_at < naive))


@pytest.fixture
def _machine_in_tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Set the zone of this process, and of the connections that PostgreSQL's client opens."""
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "Asia/Tokyo")
        patched.setenv("PGTZ", "Asia/Tokyo")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("_machine_in_tokyo")
def test_zone_of_the_machine_and_of_the_connection_changes_nothing(with_events: Database) -> None:
    """F15: two machines that are set up otherwise mean the same instant."""
    happened_at = datetime(2026, 6, 1, 9, tzinfo=UTC)

    kept = _kept(with_events, happened_at)
    with with_events.reading() as connection:
        as_text = connection.exec_driver_sql("SELECT CAST(happened_at AS TEXT) FROM events").scalar_one()

    assert kept == happened_at
    assert as_text.startswith(("2026-06-01 09:00:00", "2026-06-01 18:00:00+09"))


def test_postgresql_keeps_the_zone() -> None:
    """Else its own setting would decide which instant a row means."""
    assert str(Instant().compile(dialect=postgresql.dialect())) == "TIMESTAMP WITH TIME ZONE"


def test_order_is_that_of_the_instants_whatever_zone_they_came_in(with_events: Database) -> None:
    start = datetime(2026, 6, 1, 12, tzinfo=UTC)
    instants = [
        (start + timedelta(minutes=minute)).astimezone(timezone(timedelta(hours=hour)))
        for minute, hour in enumerate([0, 5, -7, 14, -12])
    ]
    with with_events.transaction() as connection:
        connection.execute(insert(events), [{"happened_at": instant} for instant in reversed(instants)])

    with with_events.reading() as connection:
        ordered = list(connection.execute(select(events.c.happened_at).order_by(events.c.happened_at)).scalars())
        earlier = select(events).where(events.c.happened_at < instants[2])
        found = len(connection.execute(earlier).all())

    assert ordered == instants
    assert found == 2
