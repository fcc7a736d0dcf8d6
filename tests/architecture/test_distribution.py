"""One distribution whose extras keep a POS server light (architecture §1)."""

from __future__ import annotations

import email
import importlib.metadata
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    import zipfile
    from pathlib import Path

HEAVY = frozenset({"alembic", "authlib", "celery", "kombu", "psycopg", "redis", "sqlalchemy", "structlog"})

# Runs in a process of its own, in which only what tillpass[pos] brings along can be imported.
IMPORT_ALL = """
import importlib, json, pkgutil, sys

blocked = set(json.loads(sys.argv[1]))

class NotInstalled:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in blocked:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, NotInstalled())
try:
    import sqlalchemy
except ModuleNotFoundError:
    import pos_client
found = [module.name for module in pkgutil.walk_packages(pos_client.__path__, "pos_client.")]
for name in found:
    importlib.import_module(name)
print(json.dumps([found, sorted(sys.modules)]))
"""


def _requirements(wheel: zipfile.ZipFile) -> list[Requirement]:
    [name] = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
    metadata = email.message_from_bytes(wheel.read(name))
    return [Requirement(text) for text in metadata.get_all("Requires-Dist", [])]


def _wanted(requirements: list[Requirement], extra: str) -> list[Requirement]:
    return [need for need in requirements if need.marker is None or need.marker.evaluate({"extra": extra})]


def _closure(requirements: list[Requirement], extra: str) -> set[str]:
    """Give every distribution that an installation of `extra` brings along, by what is installed here."""
    found: set[str] = set()
    waiting = [(need, found_extra) for need in _wanted(requirements, extra) for found_extra in (need.extras or {""})]
    seen: set[tuple[str, str]] = set()
    while waiting:
        need, its_extra = waiting.pop()
        name = canonicalize_name(need.name)
        if (name, its_extra) in seen:
            continue
        seen.add((name, its_extra))
        found.add(name)
        theirs = [Requirement(text) for text in importlib.metadata.requires(name) or []]
        waiting += [(more, extra) for more in _wanted(theirs, its_extra) for extra in (*more.extras, "")]
    return found


def _import_names_outside(distributions: set[str]) -> list[str]:
    """Give every top-level name that can be imported here and is of none of `distributions`."""
    ours = {"auth_service", "database", "deploy", "license_service", "notify_service"}
    others = {
        name
        for name, owners in importlib.metadata.packages_distributions().items()
        if not {canonicalize_name(owner) for owner in owners} & (distributions | {"tillpass"})
    }
    return sorted(ours | others)


def test_pos_server_installs_nothing_heavy(wheel: zipfile.ZipFile) -> None:
    installed = _closure(_requirements(wheel), "pos")

    assert {"flask", "pyjwt", "cryptography", "urllib3", "marshmallow"} <= installed
    assert installed & HEAVY == set()


@pytest.mark.parametrize("extra", ["auth", "license", "notify"])
def test_service_installs_what_a_service_needs(extra: str, wheel: zipfile.ZipFile) -> None:
    """It also shows that the search above would find the heavy ones."""
    assert {"sqlalchemy", "celery", "redis", "alembic"} <= _closure(_requirements(wheel), extra)


def test_bare_installation_has_what_wire_needs_and_no_more(wheel: zipfile.ZipFile) -> None:
    wanted = {canonicalize_name(need.name) for need in _wanted(_requirements(wheel), "")}

    assert wanted == {"marshmallow", "pyjwt", "urllib3"}


def test_pos_client_runs_on_what_its_extra_installs(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    """Every module of it, its entry points too, and with them what it imports of wire."""
    blocked = _import_names_outside(_closure(_requirements(wheel), "pos"))
    assert {"sqlalchemy", "celery", "authlib", "redis", "structlog", "pytest"} <= set(blocked)
    settings = {"POS_ISSUER": "http://127.0.0.1:9", "POS_STATE_FOLDER": str(tmp_path / "state")}

    ended = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL, json.dumps(blocked)],
        env={"PATH": os.environ["PATH"], **settings},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert ended.returncode == 0, ended.stderr
    found, imported = json.loads(ended.stdout)
    assert {"pos_client.cli", "pos_client.wsgi", "pos_client.device_flow"} <= set(found)
    assert {"wire.claims", "wire.http_client", "flask"} <= set(imported)


@pytest.mark.parametrize(
    "needed",
    [
        "auth_service/migrations/script.py.mako",
        "auth_service/migrations/env.py",
        "license_service/migrations/versions/0001_first_tables.py",
        "notify_service/emails/device_authorized/body.html",
        "wire/serving/bearer.py",
        "database/engine.py",
    ],
)
def test_wheel_holds_what_runs(needed: str, wheel: zipfile.ZipFile) -> None:
    assert needed in wheel.namelist()


def test_wheel_holds_every_file_of_its_packages(wheel: zipfile.ZipFile, tracked_files: list[Path], root: Path) -> None:
    """Templates, styles and revisions too: what is not in it is missed only where it is installed."""
    packages = {name.partition("/")[0] for name in wheel.namelist() if ".dist-info/" not in name}
    ours = {str(path.relative_to(root)) for path in tracked_files if path.relative_to(root).parts[0] in packages}

    assert packages == {"auth_service", "database", "license_service", "notify_service", "pos_client", "wire"}
    assert ours - set(wheel.namelist()) == set()
