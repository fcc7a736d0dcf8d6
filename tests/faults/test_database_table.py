"""The table of the faults of databases says the truth: each is shown by tests that exist and name it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

from tests.conformance.test_table import TESTS, docstrings

TABLE: Final = Path(__file__).parent / "DATABASE.md"
FAULTS: Final = ["F07", "F27", "F28", "F29", "F30", "F31", "F32", "F47"]


def rows() -> dict[str, str]:
    return dict(re.findall(r"^\| (F\d\d) \| (.+) \|$", TABLE.read_text(), re.MULTILINE))


def test_every_fault_has_a_row() -> None:
    assert list(rows()) == FAULTS


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_is_shown_by_tests_that_name_it(fault: str) -> None:
    named = re.findall(r"`([\w/]+\.py)::(test_\w+)`", rows()[fault])

    assert named
    said = {f"{path}::{test}": docstrings(TESTS / path).get(test, "is gone") for path, test in named}
    assert [test for test, docstring in said.items() if not re.search(rf"\b{fault}\b", docstring)] == []
