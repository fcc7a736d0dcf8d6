"""The bench itself works; how fast anything is, no test asks."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from tests.bench import growth, license_growth, mail, operations, rounds
from tests.bench.__main__ import Plan, opened
from tests.bench.load import Expected
from tests.bench.offline_verification import microseconds_of_verification
from tests.bench.operations import Operation
from tests.bench.report import Peers
from tests.bench.rounds import Cell, UnexpectedAnswersError, run_rounds
from tests.doubles.postgresql import is_installed

if TYPE_CHECKING:
    from pathlib import Path

OPERATIONS = ["issue", "pending poll", "pending poll that asks SQL", "redeem", "refresh"]
OPERATIONS += ["introspection", "JWKS", "metadata"]
FLOORS = [
    "constant WSGI answer",
    "constant Flask answer",
    "WSGI, form, one Redis call",
    "floor: Flask, form, one Redis call",
]


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few requests of everything; a figure of them says nothing."""
    monkeypatch.setattr(rounds, "SPARE_COUNT", 20)
    monkeypatch.setattr(growth, "LIVE_CODES", (40,))
    monkeypatch.setattr(growth, "DEVICES", (20,))
    monkeypatch.setattr(license_growth, "KEYS", (20,))
    monkeypatch.setattr(mail, "EMAILS", 20)


def plan(*, kind: str = "gunicorn", database: str = "sqlite") -> Plan:
    return Plan(parts=(), kinds=(kind,), database=database, rounds=1, seconds=0.05)


def cells_of(table: str) -> dict[str, list[str]]:
    """Give each row by its name; every row has as many cells as the head."""
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines() if "|" in line]
    assert len({len(line) for line in lines}) == 1
    assert all(re.fullmatch(r"---:?", cell) for cell in lines[1])
    return {name: cells for name, *cells in lines[2:]}


def test_every_operation_gets_a_row_with_its_ratios(tmp_path: Path) -> None:
    with opened(plan(kind="granian"), tmp_path) as bench:
        table, told = bench.operations().split("\n\n")

    rows = cells_of(table)
    assert list(rows) == FLOORS + OPERATIONS
    for microseconds, lowest_highest, to_floor, to_constant in rows.values():
        assert microseconds.isdecimal()
        assert re.fullmatch(r"\d+–\d+", lowest_highest)
        assert re.fullmatch(r"\d+\.\d\d", to_floor)
        assert re.fullmatch(r"\d+\.\d\d", to_constant)
    assert "each as expected" in told
    assert list(tmp_path.iterdir()) == []


def test_growth_sets_the_sizes_beside_each_other(tmp_path: Path) -> None:
    with opened(plan(database="postgresql" if is_installed() else "sqlite"), tmp_path) as bench:
        rows = cells_of(bench.growth().split("\n\n")[0])

    assert sorted(rows) == ["pending poll among live codes (gunicorn)", "redeem (gunicorn)", "refresh (gunicorn)"]
    smallest, largest, ratio = rows["redeem (gunicorn)"]
    assert (smallest.isdecimal(), largest, ratio) == (True, "—", "1.00")


def test_license_service_is_measured_at_each_of_its_sizes(tmp_path: Path) -> None:
    with opened(plan(), tmp_path) as bench:
        rows = cells_of(bench.license().split("\n\n")[0])

    assert len(rows) == 23
    assert rows["claim of a free seat (gunicorn)"][-1] == "1.00"
    assert rows["check-in (gunicorn)"][-1] == "1.00"


def test_a_worker_is_measured_beside_a_bare_loop(tmp_path: Path) -> None:
    with opened(plan(), tmp_path) as bench:
        rows = cells_of(bench.mail())

    assert list(rows) == ["emails a second", "CPU µs an email"]
    assert float(rows["CPU µs an email"][-1]) > 0


def test_an_unexpected_answer_ends_the_run(tmp_path: Path) -> None:
    with opened(plan(), tmp_path) as bench:
        server = bench.floor("gunicorn")
        constant = operations.floor_operations(server)[0]
        wrong = Operation(constant.name, Expected(400, "slow_down"), constant.requests)

        with pytest.raises(UnexpectedAnswersError, match="200"):
            run_rounds([Cell(server, wrong)], core=bench.core, rounds=1, seconds=0.05)


def test_offline_verification_gives_a_figure() -> None:
    assert microseconds_of_verification(batches=1, size=2) > 0


def test_peers_are_set_beside_the_first_of_them(tmp_path: Path) -> None:
    result = tmp_path / "result.json"
    samples = {"first": [100, 300, 200], "second": [50, 50, 400]}
    result.write_text(
        json.dumps(
            {
                "results": [
                    {"target": name, "op": "pending", "samples": [{"cpu_us": figure} for figure in figures]}
                    for name, figures in samples.items()
                ]
                + [{"target": "second", "op": "metadata", "samples": [{"cpu_us": 70}]}]
            }
        )
    )

    rows = cells_of(Peers.read(result).table())

    assert rows == {"pending": ["200 (×1.00)", "50 (×0.25)"], "metadata": ["—", "70"]}
