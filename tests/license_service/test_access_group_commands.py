"""`license-service access-group` and `license-service key migrate-accesses` (S2-24, S2-25)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from database.engine import Database
from license_service.actions.activate_site import activate_site
from license_service.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable

    from license_service.domain.license_key import LicenseKey

ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11"
TERMS = ["--name", "Front tills", "--component", "xms"]
TILLS = ["--member", "register:R-01=Till 1", "--member", "register:R-02=Till 2"]


@pytest.fixture
def environ(sqlite_url: str, tmp_path: Any) -> dict[str, str]:
    return {
        "LICENSE_DATABASE_URL": sqlite_url,
        "LICENSE_PUBLIC_URL": "http://127.0.0.1:8002",
        "LICENSE_ISSUER": "http://127.0.0.1:8001",
        "LICENSE_KEY_FOLDER": str(tmp_path / "keys"),
    }


@pytest.fixture
def key(sqlite_url: str, sell: Callable[..., LicenseKey]) -> LicenseKey:
    """Give a key of two seats that the site has activated."""
    database = Database(sqlite_url)
    sold = sell(database, ORGANIZATION, seats=2)
    activate_site(database, ORGANIZATION, revision=1, now=sold.issued_at)
    database.close()
    return sold


@pytest.fixture
def run(environ: dict[str, str], capsys: pytest.CaptureFixture[str]) -> Callable[..., dict[str, Any]]:
    """Give a function that runs a command and reads its JSON."""

    def answered(*argv: str) -> dict[str, Any]:
        assert main([*argv, "--json"], environ) == 0
        document: dict[str, Any] = json.loads(capsys.readouterr().out)
        return document

    return answered


def test_a_group_is_kept_by_commands(run: Callable[..., dict[str, Any]], key: LicenseKey) -> None:
    """S2-25."""
    group = run("access-group", "create", "--key-id", key.id, *TERMS, *TILLS)
    edited = run("access-group", "edit", group["id"].upper(), *TERMS, *TILLS[:2])

    assert [each["name"] for each in group["members"]] == ["Till 1", "Till 2"]
    assert edited["members"] == [{"kind": "register", "id": "R-01", "name": "Till 1"}]
    assert run("access-group", "show", group["id"]) == edited
    assert run("access-group", "list", "--key-id", key.id) == {"items": [edited]}
    assert run("access-group", "delete", group["id"]) == {"deleted": group["id"]}
    assert run("access-group", "list") == {"items": []}


def test_a_migration_is_shown_and_then_done(
    run: Callable[..., dict[str, Any]],
    key: LicenseKey,
    environ: dict[str, str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """S2-24: the table says who would move, who would not and why."""
    run("access-group", "create", "--key-id", key.id, *TERMS, *TILLS)
    run("key", "switch", key.id, "--seats", "xms=1")

    assert main(["key", "migrate-accesses", key.id, "--preview"], environ) == 0
    table = [line.split("  ") for line in capsys.readouterr().out.splitlines()]
    cells = [[cell.strip() for cell in line if cell.strip()] for line in table]
    state = cells[-1][-1]

    assert cells == [
        ["GROUP", "WHO", "ACCESS", "OUTCOME"],
        ["Front tills", "Till 1 (register R-01)", "xms", "would move"],
        ["Front tills", "Till 2 (register R-02)", "xms", "would stay: seats_too_few"],
        ["state", state],
    ]
    done = run("key", "migrate-accesses", key.id, "--state", state)
    assert [len(done["groups"][0][which]) for which in ("moved", "left_behind")] == [1, 1]
    assert main(["key", "migrate-accesses", key.id, "--state", state], environ) == 1
    assert "changed since the preview" in capsys.readouterr().err


def test_a_wrong_option_is_named(environ: dict[str, str], key: LicenseKey, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["access-group", "create", "--key-id", key.id, *TERMS, "--member", "till"], environ) == 1
    assert "--member: " in capsys.readouterr().err
    assert main(["key", "migrate-accesses", key.id, "--to", "there"], environ) == 1
    assert "--to: " in capsys.readouterr().err
