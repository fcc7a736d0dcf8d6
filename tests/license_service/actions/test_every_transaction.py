"""Every function that changes something does it again when the database undid it for another (F29)."""

from __future__ import annotations

import ast
from pathlib import Path

import license_service

PACKAGE = Path(license_service.__file__).parent
# What it is called for comes again by itself, or ends by itself.
COMES_AGAIN = {"_give_up", "_note"}


def opens_a_transaction(function: ast.FunctionDef) -> bool:
    opened = [item.context_expr for node in ast.walk(function) if isinstance(node, ast.With) for item in node.items]
    calls = [each.func for each in opened if isinstance(each, ast.Call)]
    return any(isinstance(call, ast.Attribute) and call.attr in {"transaction", "joined"} for call in calls)


def test_every_change_is_done_again_when_it_was_undone_for_another() -> None:
    """F29."""
    trees = {path: ast.parse(path.read_text()) for path in PACKAGE.rglob("*.py")}
    functions = [
        (path, node)
        for path, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and opens_a_transaction(node)
    ]

    assert len(functions) > 30
    plain = {
        f"{path.relative_to(PACKAGE)}: {node.name}"
        for path, node in functions
        if "retried" not in {each.id for each in node.decorator_list if isinstance(each, ast.Name)}
    }
    assert {each.rpartition(" ")[2] for each in plain} <= COMES_AGAIN, plain
