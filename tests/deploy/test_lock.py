"""The lock file belongs to pyproject.toml, is whole, and can be installed by anyone (T63)."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Iterable

REPOSITORY = Path(__file__).resolve().parents[2]
LOCK = (REPOSITORY / "requirements.lock").read_text()
LOCKED = dict(re.findall(r"^([a-z0-9][a-z0-9.-]*)==([^ ]+) \\$", LOCK, re.MULTILINE))


def declared() -> list[str]:
    """What pyproject.toml asks for: the distribution with the extra `stack`, and the group `dev`."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
    extras = project["project"]["optional-dependencies"]

    def of_extra(name: str) -> list[str]:
        return [
            text
            for line in extras[name]
            for text in (
                [found for inner in sorted(Requirement(line).extras) for found in of_extra(inner)]
                if Requirement(line).name == "tillpass"
                else [line]
            )
        ]

    return [*project["project"]["dependencies"], *of_extra("stack"), *project["dependency-groups"]["dev"]]


def applying(lines: Iterable[str], extras: Iterable[str] = ()) -> list[Requirement]:
    """Keep the requirements whose marker holds, with one of the extras, for the Python that the lock is made for."""
    oldest = {"python_version": "3.11", "python_full_version": "3.11.0"}
    environments = [{**oldest, "extra": extra} for extra in ("", *extras)]
    requirements = [Requirement(line) for line in lines]
    return [one for one in requirements if not one.marker or any(map(one.marker.evaluate, environments))]


def test_every_requirement_and_what_it_requires_is_locked_in_a_fitting_version() -> None:
    faults = []
    seen = set()
    waiting = applying(declared())
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        locked = LOCKED.get(name)
        if locked is None or not requirement.specifier.contains(locked, prereleases=True):
            faults.append(f"{requirement} is locked as {locked}")
        if locked is None or (name, frozenset(requirement.extras)) in seen:
            continue
        seen.add((name, frozenset(requirement.extras)))
        waiting += applying(requires(name) or (), requirement.extras)

    assert faults == []
    assert {name for name, _ in seen} == set(LOCKED), "locked, and asked for by nobody"


@pytest.mark.parametrize("name", sorted(LOCKED))
def test_what_is_installed_is_what_is_locked(name: str) -> None:
    try:
        installed = version(name)
    except PackageNotFoundError:
        installed = None

    assert installed == LOCKED[name]


@pytest.mark.parametrize("path", ["requirements.lock", "deploy/set_up/uv.lock"])
def test_every_entry_has_hashes_and_no_place_to_fetch_it_from(path: str) -> None:
    text = (REPOSITORY / path).read_text()
    entries = [
        entry for entry in re.split(r"^(?=[a-z])", text, flags=re.MULTILINE) if "==" in entry and entry[0] != "#"
    ]

    assert entries
    assert all("--hash=sha256:" in entry for entry in entries)
    assert not re.search(r"://|--index|--find-links|@ ", re.sub(r"^#.*$", "", text, flags=re.MULTILINE))
