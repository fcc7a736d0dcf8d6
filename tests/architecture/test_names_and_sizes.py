"""Names that say nothing, and pieces too large to be read, have no place here."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

REFUSED_NAMES = frozenset(
    {"util", "utils", "helper", "helpers", "common", "misc", "base", "manager", "managers", "core", "shared", "lib"}
)
LONGEST_FILE = 300
LONGEST_TEST_FILE = 500
LONGEST_ERROR_TREE = 500
"""A package's errors are a table, and stay in one piece."""
LONGEST_FUNCTION = 50


def _modules(tracked_files: list[Path], root: Path) -> list[Path]:
    return [path.relative_to(root) for path in tracked_files if path.suffix == ".py"]


def _refused_parts(module: Path) -> set[str]:
    return REFUSED_NAMES & set(module.with_suffix("").parts)


def _longest_allowed(module: Path) -> int:
    if module.name == "errors.py":
        return LONGEST_ERROR_TREE
    return LONGEST_TEST_FILE if module.parts[0] == "tests" else LONGEST_FILE


def _long_functions(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > LONGEST_FUNCTION:
                yield f"{node.name} ({length} lines)"


def test_no_module_has_a_name_that_says_nothing(tracked_files: list[Path], root: Path) -> None:
    modules = _modules(tracked_files, root)

    assert modules
    assert [str(module) for module in modules if _refused_parts(module)] == []


def test_no_file_is_too_long(tracked_files: list[Path], root: Path) -> None:
    lengths = {module: len((root / module).read_text().splitlines()) for module in _modules(tracked_files, root)}

    assert {str(module): n for module, n in lengths.items() if n > _longest_allowed(module)} == {}


def test_no_function_is_too_long(tracked_files: list[Path], root: Path) -> None:
    """A migration is a table, and stays in one piece; a test may tell a story."""
    modules = [m for m in _modules(tracked_files, root) if m.parts[0] != "tests" and "versions" not in m.parts]

    found = {str(module): list(_long_functions((root / module).read_text())) for module in modules}

    assert {module: functions for module, functions in found.items() if functions} == {}


@pytest.mark.parametrize("name", ["wire/utils.py", "wire/helpers/dates.py", "tests/common.py", "auth_service/core.py"])
def test_rule_finds_a_refused_name(name: str, root: Path) -> None:
    assert _refused_parts((root / name).relative_to(root))


def test_rule_measures_functions_wherever_they_stand() -> None:
    body = "\n".join(["        x = 1"] * LONGEST_FUNCTION)
    method = f"class A:\n    async def long(self):\n{body}\n"

    assert list(_long_functions(method)) == [f"long ({LONGEST_FUNCTION + 1} lines)"]
    assert list(_long_functions("def short():\n    pass\n")) == []
