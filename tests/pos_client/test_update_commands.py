"""The commands of tillpass-pos on updates and connections (S1-13, S1-14)."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Protocol

import pytest

from pos_client import cli
from pos_client.wiring import wire_up

if TYPE_CHECKING:
    from pathlib import Path

    from tests.pos_client.clock import Clock
    from tests.pos_client.issuer_simulator import IssuerSimulator
    from tests.pos_client.update_simulator import UpdateSimulator
    from wire.http_client import HttpClient

NEW = {"any": {"url": "http://updates.example/new.whl", "size": 3, "sha256": hashlib.sha256(b"new").hexdigest()}}


class Run(Protocol):
    def __call__(self, *argv: str) -> int: ...


@pytest.fixture
def environ(simulator: IssuerSimulator, updates: UpdateSimulator, tmp_path: Path) -> dict[str, str]:
    (tmp_path / "keys.json").write_text(json.dumps(updates.key_set()))
    return {
        "POS_ISSUER": simulator.issuer,
        "POS_STATE_FOLDER": str(tmp_path / "state"),
        "POS_UPDATE_URL": updates.url,
        "POS_UPDATE_KEYS": str(tmp_path / "keys.json"),
    }


@pytest.fixture
def run(environ: dict[str, str], clock: Clock, http: HttpClient, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setattr("pos_client.wiring.installed_version", lambda: "0.1.0")
    monkeypatch.setattr(cli, "wire_up", lambda settings: wire_up(settings, now=clock.now, wait=clock.wait, http=http))
    return lambda *argv: cli.main(argv, environ)


def test_an_update_is_told_with_where_it_is(
    run: Run, updates: UpdateSimulator, capsys: pytest.CaptureFixture[str]
) -> None:
    """S1-13."""
    updates.publish(1, artifacts=NEW, notes_url="https://vendor.example/notes")

    assert run("check-update") == 7
    assert capsys.readouterr().out.splitlines() == [
        "Update available: version 1.4.0. This server runs version 0.1.0. Its vendor no longer supports it.",
        "Download: http://updates.example/new.whl",
        "Then run: tillpass-pos verify-update FILE",
        "What is new: https://vendor.example/notes",
    ]


def test_an_update_without_a_file_for_this_platform_is_told_all_the_same(
    run: Run, updates: UpdateSimulator, capsys: pytest.CaptureFixture[str]
) -> None:
    updates.publish(1, minimum_version="0.0.0")

    assert run("check-update") == 7
    assert capsys.readouterr().out == "Update available: version 1.4.0. This server runs version 0.1.0.\n"


def test_a_version_that_is_the_newest_is_up_to_date(
    run: Run, updates: UpdateSimulator, capsys: pytest.CaptureFixture[str]
) -> None:
    updates.publish(1, newest_version="0.1.0", minimum_version="0.1.0")

    assert run("check-update") == 0
    assert capsys.readouterr().out == "This server runs version 0.1.0, which is up to date.\n"


def test_doubt_is_told_as_doubt(run: Run, updates: UpdateSimulator, capsys: pytest.CaptureFixture[str]) -> None:
    """T62: a freeze is never "up to date"."""
    updates.status = 503

    assert run("check-update") == 6
    assert capsys.readouterr().out == (
        "This server runs version 0.1.0. Whether that is the newest cannot be told: "
        "The update service answered with status 503.\n"
    )


def test_scripts_are_told_in_json(
    run: Run, updates: UpdateSimulator, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    updates.publish(3, artifacts=NEW)
    assert run("check-update", "--json") == 7
    told = json.loads(capsys.readouterr().out)
    assert told == {
        "status": "update_available",
        "reason": None,
        "version": "0.1.0",
        "supported": False,
        "newest_version": "1.4.0",
        "sequence": 3,
        "expires_at": "2026-12-21T14:05:00+00:00",
        "notes_url": None,
        "artifact": NEW["any"],
    }

    clock.advance(days=31)
    assert run("check-update", "--json") == 6
    doubt = json.loads(capsys.readouterr().out)
    assert doubt.keys() == told.keys()
    assert (doubt["status"], doubt["newest_version"], doubt["artifact"]) == ("cannot_tell", None, None)
    assert "expired" in doubt["reason"]


def test_a_file_is_verified_before_anybody_installs_it(
    run: Run, updates: UpdateSimulator, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """S1-15, T62."""
    path = tmp_path / "new.whl"
    path.write_bytes(b"new")
    assert run("verify-update", str(path)) == 5
    assert "Run: tillpass-pos check-update" in capsys.readouterr().err
    updates.publish(1)
    run("check-update")
    assert run("verify-update", str(path)) == 5
    assert "names no file for this platform" in capsys.readouterr().err
    updates.publish(2, artifacts=NEW)
    run("check-update")
    capsys.readouterr()

    assert run("verify-update", str(path)) == 0
    assert capsys.readouterr().out == f"{path} is version 1.4.0 as its vendor signed it.\n"
    path.write_bytes(b"nEw")
    assert run("verify-update", str(path)) == 5
    assert "Do not install it." in capsys.readouterr().err


@pytest.mark.parametrize("argv", [["check-update"], ["verify-update", "x"]])
def test_without_an_update_service_it_is_said_what_to_set(
    run: Run, environ: dict[str, str], capsys: pytest.CaptureFixture[str], argv: list[str]
) -> None:
    del environ["POS_UPDATE_URL"], environ["POS_UPDATE_KEYS"]

    assert run(*argv) == 1
    assert "POS_UPDATE_URL" in capsys.readouterr().err


def test_what_must_be_open_in_the_firewall_is_listed(
    run: Run, environ: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """S1-14: two addresses with their ports, by S1-12 and S1-13 443 and 80; it needs no network."""
    environ["POS_ISSUER"] = "https://auth.vendor.example"
    environ["POS_UPDATE_URL"] = "http://updates.vendor.example/update-manifest"
    assert run("connections", "--json") == 0
    listed = json.loads(capsys.readouterr().out)["connections"]
    assert [(one["service"], one["host"], one["port"], one["protocol"]) for one in listed] == [
        ("Licensing Service", "auth.vendor.example", 443, "HTTPS"),
        ("Update Service", "updates.vendor.example", 80, "HTTP"),
    ]

    assert run("connections") == 0
    assert capsys.readouterr().out.splitlines() == [
        "Licensing Service    HTTPS  port 443    https://auth.vendor.example",
        "Update Service       HTTP   port 80     http://updates.vendor.example/update-manifest",
    ]


def test_without_an_update_service_there_is_one_connection(
    run: Run, environ: dict[str, str], simulator: IssuerSimulator, capsys: pytest.CaptureFixture[str]
) -> None:
    del environ["POS_UPDATE_URL"], environ["POS_UPDATE_KEYS"]

    assert run("connections", "--json") == 0
    [one] = json.loads(capsys.readouterr().out)["connections"]
    assert one["url"] == simulator.issuer
    assert one["port"] == int(simulator.issuer.rpartition(":")[2])
