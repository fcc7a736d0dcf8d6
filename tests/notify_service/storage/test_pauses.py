from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier
from typing import TYPE_CHECKING

from notify_service.domain.pause import Pause
from notify_service.storage import pauses
from tests.notify_service.doubles import NOW

if TYPE_CHECKING:
    from database.engine import Database

LATER = NOW + timedelta(seconds=5)
MUCH_LATER = NOW + timedelta(minutes=1)
AWAY = Pause(NOW, "server_unreachable", "The mail server cannot be reached.", probes=0, next_probe_at=LATER)


def begin(database: Database, pause: Pause = AWAY) -> bool:
    with database.transaction() as connection:
        return pauses.begin(connection, pause)


def found(database: Database) -> Pause | None:
    with database.reading() as connection:
        return pauses.find(connection)


def test_a_pause_begins_once_and_ends_once(any_database: Database) -> None:
    """F38."""
    assert found(any_database) is None
    assert begin(any_database)
    assert not begin(any_database, replace(AWAY, fault="server_misused"))
    assert found(any_database) == AWAY

    with any_database.transaction() as connection:
        assert pauses.end(connection)
        assert not pauses.end(connection)
    assert found(any_database) is None


def test_of_many_that_would_probe_one_does(any_database: Database) -> None:
    """F38: a server that refuses us is not asked by every worker at once."""
    begin(any_database)
    together = Barrier(8)

    def claim(_: int) -> bool:
        together.wait()
        with any_database.transaction() as connection:
            return pauses.claim_probe(connection, now=LATER, until=MUCH_LATER)

    with ThreadPoolExecutor(8) as pool:
        claimed = list(pool.map(claim, range(8)))

    assert sum(claimed) == 1
    assert found(any_database) == replace(AWAY, probes=1, next_probe_at=MUCH_LATER)


def test_nobody_probes_before_it_is_due_or_without_a_pause(any_database: Database) -> None:
    with any_database.transaction() as connection:
        assert not pauses.claim_probe(connection, now=LATER, until=MUCH_LATER)
    begin(any_database)

    with any_database.transaction() as connection:
        assert not pauses.claim_probe(connection, now=NOW, until=MUCH_LATER)
        assert pauses.probe_at(connection, NOW)
        assert pauses.claim_probe(connection, now=NOW, until=MUCH_LATER)


def test_those_who_run_the_service_are_told_once_for_each_fault(any_database: Database) -> None:
    """F38: raised to operators once."""
    begin(any_database)
    with any_database.transaction() as connection:
        assert pauses.note_told(connection, now=NOW)
        assert not pauses.note_told(connection, now=NOW)
        pauses.go_on(connection, fault=AWAY.fault, answer="again", next_probe_at=MUCH_LATER)
        assert not pauses.note_told(connection, now=NOW)
        pauses.go_on(connection, fault="server_misused", answer="535", next_probe_at=MUCH_LATER)
        assert pauses.note_told(connection, now=LATER)

    assert found(any_database) == Pause(NOW, "server_misused", "535", probes=0, next_probe_at=MUCH_LATER, told_at=LATER)
