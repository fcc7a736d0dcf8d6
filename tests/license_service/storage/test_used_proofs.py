"""Which proofs were used, for all processes (RFC 9449 §11.1; T15), on SQLite and on PostgreSQL."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from license_service.storage.tables import used_proofs
from license_service.storage.used_proofs import UsedProofs

if TYPE_CHECKING:
    from database.engine import Database

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


def test_proof_is_new_once(any_database: Database) -> None:
    assert UsedProofs(any_database).is_first_use("a" * 64, seconds=420, now=NOW)
    assert not UsedProofs(any_database).is_first_use("a" * 64, seconds=420, now=NOW + timedelta(seconds=419))
    assert UsedProofs(any_database).is_first_use("b" * 64, seconds=420, now=NOW)


def test_one_of_many_is_the_first(any_database: Database) -> None:
    memory = UsedProofs(any_database)
    answers: list[bool] = []
    start = threading.Barrier(8)

    def race() -> None:
        start.wait()
        answers.append(memory.is_first_use("a" * 64, seconds=420, now=NOW))

    threads = [threading.Thread(target=race) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answers) == [False] * 7 + [True]


def test_rows_do_not_pile_up(any_database: Database) -> None:
    memory = UsedProofs(any_database)
    for number in range(5):
        memory.is_first_use(f"{number:064}", seconds=420, now=NOW)

    memory.is_first_use("a" * 64, seconds=420, now=NOW + timedelta(seconds=420))

    with any_database.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(used_proofs)) == 1
