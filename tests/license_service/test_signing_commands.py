"""The commands for signing keys, and the access key on the terminal (S2-5, T29, T30)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from license_service.cli import main
from wire.access_key_text import read_text

if TYPE_CHECKING:
    from pathlib import Path

ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11"


class Terminal:
    """Runs commands with one environment."""

    def __init__(self, environ: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
        self._environ = environ
        self._capsys = capsys

    def run(self, *argv: str) -> str:
        assert main(argv, self._environ) == 0
        return self._capsys.readouterr().out

    def json(self, *argv: str) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.run(*argv, "--json"))
        return document

    def refusal(self, *argv: str) -> str:
        assert main(argv, self._environ) == 1
        return self._capsys.readouterr().err

    def states(self) -> list[str]:
        return [key["state"] for key in self.json("signing", "list-keys")["signing_keys"]]


@pytest.fixture
def terminal(sqlite_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Terminal:
    environ = {
        "LICENSE_DATABASE_URL": sqlite_url,
        "LICENSE_PUBLIC_URL": "http://127.0.0.1:8002",
        "LICENSE_ISSUER": "http://127.0.0.1:8001",
        "LICENSE_KEY_FOLDER": str(tmp_path / "keys"),
    }
    return Terminal(environ, capsys)


@pytest.fixture
def key_id(terminal: Terminal) -> str:
    of_whom = ("--organization-id", ORGANIZATION, "--number", "1", "--signed-on", "2026-05-28")
    agreement = terminal.json("agreement", "record", *of_whom)["id"]
    terms = ("--agreement-id", agreement, "--id-number", "Shop 1", "--seats", "xms=5")
    key_id: str = terminal.json("key", "issue", *terms)["id"]
    return key_id


def test_keys_are_made_listed_and_rotated(terminal: Terminal) -> None:
    assert terminal.states() == []
    terminal.run("signing", "create-key")
    terminal.run("signing", "create-key")
    assert terminal.states() == ["current", "next"]

    assert "Wait, or say --now." in terminal.refusal("signing", "rotate-key")
    shown = terminal.run("signing", "rotate-key", "--now")

    assert terminal.states() == ["retired", "current"]
    assert shown.startswith("KID")


def test_leaked_key_is_revoked_and_another_signs(terminal: Terminal) -> None:
    """T29."""
    kid = terminal.json("signing", "create-key")["signing_keys"][0]["kid"]

    after = terminal.json("signing", "revoke-key", f"--kid={kid}")["signing_keys"]

    assert [(key["kid"] == kid, key["state"]) for key in after] == [(False, "current")]
    assert "no signing key with this kid" in terminal.refusal("signing", "revoke-key", f"--kid={kid}")


def test_license_key_is_shown(terminal: Terminal, key_id: str) -> None:
    assert terminal.json("key", "show", key_id)["id"] == key_id
    assert "xms 0 of 5" in terminal.run("key", "show", key_id)


def test_access_key_stands_alone_on_its_line(terminal: Terminal, key_id: str) -> None:
    terminal.run("signing", "create-key")

    shown = terminal.run("key", "show", key_id, "--access-key")

    assert read_text(shown)
    assert shown == terminal.json("key", "show", key_id, "--access-key")["access_key"] + "\n"


def test_what_cannot_be_signed_is_said_in_one_sentence(terminal: Terminal, key_id: str) -> None:
    wanted = ("key", "show", key_id, "--access-key")

    assert "Make one with: license-service signing create-key" in terminal.refusal(*wanted)
    assert terminal.refusal("key", "show", ORGANIZATION) == "There is no license key with this id.\n"
