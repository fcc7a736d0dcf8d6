"""Every package says what it is, and why it is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PACKAGES = ["auth_service", "database", "deploy", "license_service", "notify_service", "pos_client", "wire"]
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("package", PACKAGES)
def test_package_has_a_readme_with_numbered_decisions(package: str) -> None:
    text = (ROOT / package / "README.md").read_text()

    assert text.startswith("# ")
    decisions = text.partition("\n## Decisions\n")[2]
    assert re.findall(r"^(\d+)\. ", decisions, re.MULTILINE)[:2] == ["1", "2"]


@pytest.mark.parametrize("package", ["database", "wire"])
def test_readme_names_every_module(package: str) -> None:
    text = (ROOT / package / "README.md").read_text()
    modules = {path.relative_to(ROOT / package).as_posix() for path in (ROOT / package).rglob("*.py")}

    assert {name for name in modules if not name.endswith("__init__.py") and f"`{name}`" not in text} == set()


@pytest.mark.parametrize("package", ["database", "wire"])
def test_readme_names_no_module_that_is_gone(package: str) -> None:
    text = (ROOT / package / "README.md").read_text()

    named = re.findall(r"^\| `([a-z_/]+\.py)`", text, re.MULTILINE)

    assert named
    assert [name for name in named if not (ROOT / package / name).is_file()] == []
