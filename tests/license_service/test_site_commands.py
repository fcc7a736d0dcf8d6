"""`license-service site` and `synchronizations`: how a site stands, and its History (S2-6, S2-12, S2-20)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from database.engine import Database
from license_service.actions.create_signing_key import create_signing_key
from license_service.actions.synchronize import SynchronizationAsked, synchronize
from license_service.cli import main
from license_service.domain.synchronization import Trigger
from license_service.signing.key_folder import KeyFolder
from tests.license_service.conftest import NOW, new_id

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from license_service.domain.license_key import LicenseKey
    from license_service.domain.synchronization import Synchronization

ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11"
OF_ORGANIZATION = ["--organization-id", ORGANIZATION]


@pytest.fixture
def environ(sqlite_url: str, tmp_path: Path) -> dict[str, str]:
    return {
        "LICENSE_DATABASE_URL": sqlite_url,
        "LICENSE_PUBLIC_URL": "http://127.0.0.1:8002",
        "LICENSE_ISSUER": "http://127.0.0.1:8001",
        "LICENSE_KEY_FOLDER": str(tmp_path / "keys"),
    }


@pytest.fixture
def runs(sqlite_url: str, tmp_path: Path, sell: Callable[..., LicenseKey]) -> dict[str, Synchronization]:
    """Give the runs of a site, by trigger; the first one added the key, "Key 1"."""
    folder = KeyFolder(tmp_path / "keys")
    create_signing_key(folder, now=NOW)
    database = Database(sqlite_url)
    sell(database, ORGANIZATION)
    made = {}
    for trigger in (Trigger.MANUAL, Trigger.AUTOMATIC):
        asked = SynchronizationAsked(
            organization_id=ORGANIZATION, device_id=None, started_by="Ada", trigger=trigger, held={}
        )
        done = synchronize(database, folder, asked, run_id=new_id(), clock=lambda: NOW)
        made[trigger.value] = done.run
    database.close()
    return made


@pytest.fixture
def run(environ: dict[str, str], capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """Give a function that runs a command and gives what it printed, read as JSON where that was asked for."""

    def answered(*argv: str) -> Any:
        assert main(list(argv), environ) == 0
        out = capsys.readouterr().out
        return json.loads(out) if "--json" in argv else out

    return answered


def test_a_site_is_shown(run: Callable[..., Any], runs: dict[str, Synchronization]) -> None:
    """S2-6."""
    site = run("site", "show", *OF_ORGANIZATION, "--json")

    assert (site["deployment_mode"], site["activation_needed"], site["revision"]) == ("cloud", True, 1)
    assert site["last_synchronization"]["status"] == "succeeded"
    table = run("site", "show", *OF_ORGANIZATION)
    assert "since 2026-06-01T09:00:01+00:00" in table
    assert "succeeded 2026-06-01T09:00:00+00:00" in table


def test_a_site_of_which_nothing_is_known_is_shown_too(run: Callable[..., Any]) -> None:
    assert run("site", "show", *OF_ORGANIZATION).splitlines()[1].split() == [ORGANIZATION, "cloud", "0", "no", "never"]


def test_the_mode_is_set(run: Callable[..., Any]) -> None:
    """S2-20."""
    changed = run("site", "set-mode", *OF_ORGANIZATION, "--mode", "on_premise", "--json")

    assert changed == run("site", "show", *OF_ORGANIZATION, "--json")
    assert (changed["deployment_mode"], changed["version"]) == ("on_premise", 2)


def test_the_history_opens_on_those_by_hand(run: Callable[..., Any], runs: dict[str, Synchronization]) -> None:
    """S2-12, S2-13."""

    def ids(*argv: str) -> set[str]:
        return {each["id"] for each in run("synchronizations", "list", *argv, "--json")["synchronizations"]}

    assert ids() == ids(*OF_ORGANIZATION) == {runs["manual"].id}
    assert ids("--trigger", "automatic") == {runs["automatic"].id}
    assert ids("--trigger", "all") == {each.id for each in runs.values()}
    assert len(ids("--trigger", "all", "--limit", "1")) == 1
    assert ids("--organization-id", new_id()) == set()
    row = run("synchronizations", "list").splitlines()[1].split()
    assert row[3:] == ["Ada", "manual", "succeeded", "1", "0", "0"]


def test_a_run_is_shown_with_what_it_changed(run: Callable[..., Any], runs: dict[str, Synchronization]) -> None:
    manual = runs["manual"]

    shown = run("synchronizations", "show", manual.id.upper(), "--json")

    assert (shown["id"], shown["receipt"]) == (manual.id, manual.receipt)
    [added] = shown["added"]
    assert run("synchronizations", "show", manual.id).splitlines()[1].split() == [
        "added",
        added["key_id"],
        *added["id_number"].split(),
    ]


def test_what_is_not_there_is_said_in_a_sentence(environ: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["synchronizations", "show", new_id()], environ) == 1
    assert main(["site", "show", "--organization-id", "mine"], environ) == 1
    assert capsys.readouterr().err.splitlines() == [
        "There is no synchronization with this id.",
        "--organization-id: Must be a UUID.",
    ]
