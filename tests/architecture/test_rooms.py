"""The import contracts hold, and each of them would find a fault (architecture §2)."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

_settings = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["tool"]["importlinter"]
CONTRACTS = [contract["name"] for contract in _settings["contracts"]]
PACKAGES = _settings["root_packages"]

# For each contract, an import that it is there to refuse: written into this module, at its end.
PLANTED = {
    "The services and the client meet only on the wire": ("wire/scopes.py", "import license_service.settings"),
    "auth_service imports downwards": ("auth_service/settings.py", "import auth_service.wiring"),
    "license_service imports downwards": ("license_service/storage/__init__.py", "import license_service.app"),
    "notify_service imports downwards": ("notify_service/settings.py", "import notify_service.tasks"),
    "pos_client imports downwards": ("pos_client/errors.py", "import pos_client.app"),
    "Rules know no framework": ("license_service/domain/__init__.py", "import flask"),
    "Only the serving half of wire knows Flask": ("wire/claims.py", "import flask"),
    "The POS client is light and never serves an API": ("pos_client/settings.py", "import sqlalchemy"),
}


def _lint(folder: Path) -> tuple[int, dict[str, str]]:
    """Run import-linter on the packages in `folder`; give its exit code and what it says of each contract."""
    ended = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as lint; lint()", "--no-cache"],
        cwd=folder,
        # The copy shall be found before the packages that are installed.
        env={"PYTHONPATH": str(folder), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    said = re.findall(r"^(.+?) (KEPT|BROKEN)", ended.stdout, re.MULTILINE)
    return ended.returncode, dict(said)


@pytest.fixture
def copied(root: Path, tmp_path: Path) -> Path:
    for package in PACKAGES:
        shutil.copytree(root / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(root / "pyproject.toml", tmp_path)
    return tmp_path


def test_every_contract_holds(root: Path) -> None:
    code, said = _lint(root)

    assert said == dict.fromkeys(CONTRACTS, "KEPT")
    assert code == 0


def test_every_contract_has_a_fault_that_it_is_tried_with() -> None:
    assert sorted(PLANTED) == sorted(CONTRACTS)


def test_every_contract_finds_its_planted_fault(copied: Path) -> None:
    for path, line in PLANTED.values():
        with (copied / path).open("a") as module:
            module.write(f"\n{line}\n")

    code, said = _lint(copied)

    assert said == dict.fromkeys(CONTRACTS, "BROKEN")
    assert code == 1


@pytest.mark.parametrize("package", ["auth_service", "license_service", "notify_service", "pos_client"])
def test_new_room_must_be_given_its_place(package: str, copied: Path) -> None:
    """The layers are exhaustive: a module that stands nowhere is a fault."""
    (copied / package / "annex.py").write_text('"""A room that nobody has planned."""\n')

    _, said = _lint(copied)

    assert [name for name in said if said[name] == "BROKEN"] == [f"{package} imports downwards"]


def test_every_module_of_wire_is_with_flask_or_under_the_contract_against_it(root: Path) -> None:
    """The list is written by hand: a new module must be on it."""
    [contract] = [one for one in _settings["contracts"] if one["name"] == "Only the serving half of wire knows Flask"]
    modules = {f"wire.{path.stem}" for path in (root / "wire").glob("*.py")} - {"wire.__init__"}

    assert modules - set(contract["source_modules"]) == {"wire.notification_queue"}


def test_every_package_of_the_wheel_is_under_contract(root: Path) -> None:
    hatch = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]

    assert sorted(PACKAGES) == sorted(hatch["packages"])
