"""The tables of this folder say the truth: what they name exists; its tests, each threat and each fault are in them."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import Final

import pytest

TESTS: Final = Path(__file__).parents[1]
HERE: Final = Path(__file__).parent
TABLE: Final = HERE / "README.md"
THREATS: Final = HERE / "THREATS.md"
FAULTS: Final = HERE / "FAULTS.md"
THREAT_IDS: Final = [
    *(f"T{number:02}" for number in range(1, 35)),
    "T36",
    "T40",
    "T41",
    "T42",
    "T43",
    "T44",
    "T45",
    "T46",
    "T50",
    "T51",
    "T52",
    "T53",
    "T54",
    "T55",
    "T57",
    "T58",
    "T59",
]
FAULT_IDS: Final = [f"F{number:02}" for number in (*range(8, 13), *range(17, 27), *range(33, 40), 48)]
"""Those that concern emails and Redis."""


@cache
def docstrings(path: Path) -> dict[str, str]:
    """Give the tests of a file with what they say of themselves."""
    functions = [node for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)]
    return {node.name: ast.get_docstring(node) or "" for node in functions if node.name.startswith("test_")}


def _exists(path: str, test: str) -> bool:
    return (TESTS / path).is_file() and test in docstrings(TESTS / path)


def _named_outright(text: str) -> list[tuple[str, str]]:
    """Give each `path.py::test` of a text, with its path from tests/ on."""
    found = re.findall(r"`([\w/.]+\.py)::(test_\w+)`", text)
    return [(path if "/" in path else f"conformance/{path}", test) for path, test in found]


def _sections() -> dict[str, str]:
    title_and_text = [part.partition("\n") for part in TABLE.read_text().split("\n## ")[1:]]
    return {title: text for title, _, text in title_and_text}


def _files(section: str) -> list[str]:
    [line] = re.findall(r"^Tests: (.+)$", section, re.MULTILINE)
    return [f"conformance/{name}" for name in re.findall(r"`([\w/.]+\.py)`", line)]


def _unknown(section: str) -> list[str]:
    known = {test for path in _files(section) for test in docstrings(TESTS / path)}
    bare = [test for test in re.findall(r"`(test_\w+)`", section) if test not in known]
    return bare + [f"{path}::{test}" for path, test in _named_outright(section) if not _exists(path, test)]


def _listed(section: str) -> set[tuple[str, str]]:
    bare = set(re.findall(r"`(test_\w+)`", section))
    return {(path, test) for path in _files(section) for test in docstrings(TESTS / path) if test in bare}


def _rows(table: Path) -> dict[str, str]:
    return dict(re.findall(r"^\| ([TF]\d\d) \| (.+) \|$", table.read_text(), re.MULTILINE))


def _says(identifier: str, docstring: str) -> bool:
    return re.search(rf"\b{identifier}\b", docstring) is not None


def test_every_test_in_the_table_exists() -> None:
    unknown = {title: _unknown(section) for title, section in _sections().items()}

    assert len(unknown) > 12
    assert {title: tests for title, tests in unknown.items() if tests} == {}


def test_every_conformance_test_is_in_the_table() -> None:
    listed = set().union(*(_listed(section) for section in _sections().values()))
    files = [path for path in HERE.rglob("test_*.py") if path.name != Path(__file__).name]

    tests = {(path.relative_to(TESTS).as_posix(), test) for path in files for test in docstrings(path)}

    assert sorted(f"{path}::{test}" for path, test in tests - listed) == []


def test_every_requirement_has_a_test_or_a_reason() -> None:
    rows = re.findall(r"^\| ([^|]*) \| ([^|]+) \| ([^|]*) \|$", TABLE.read_text(), re.MULTILINE)

    assert len(rows) > 150
    assert [asked for _, asked, held in rows if not held.strip()] == []


@pytest.mark.parametrize(("table", "ids"), [(THREATS, THREAT_IDS), (FAULTS, FAULT_IDS)], ids=["threats", "faults"])
def test_every_threat_and_every_fault_has_a_row(table: Path, ids: list[str]) -> None:
    assert list(_rows(table)) == ids


@pytest.mark.parametrize("identifier", [*THREAT_IDS, *FAULT_IDS])
def test_every_threat_and_every_fault_is_held_by_tests_that_name_it(identifier: str) -> None:
    named = _named_outright((_rows(THREATS) | _rows(FAULTS))[identifier])

    assert named
    assert [f"{path}::{test}" for path, test in named if not _exists(path, test)] == []
    assert [test for path, test in named if not _says(identifier, docstrings(TESTS / path)[test])] == []


def test_rule_finds_a_test_that_is_gone() -> None:
    section = "X\n\nTests: `test_rfc7636_pkce.py`\n\n| 1 | a | `test_gone`, `wire/test_gone.py::test_x` |\n"

    assert _unknown(section) == ["test_gone", "wire/test_gone.py::test_x"]


def test_rule_reads_a_docstring_by_whole_ids() -> None:
    assert _says("T05", "T04, T05: once.")
    assert not _says("T05", "T050 and XT05.")
