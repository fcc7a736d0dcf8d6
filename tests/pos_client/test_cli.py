"""The command tillpass-pos."""

from __future__ import annotations

import io
import json
import os
import sys
from typing import TYPE_CHECKING, Protocol

import pytest

from pos_client import cli
from pos_client.wiring import wire_up
from tests.pos_client.issuer_simulator import METADATA, TOKEN, OAuthError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.pos_client.clock import Clock
    from tests.pos_client.issuer_simulator import IssuerSimulator
    from wire.http_client import HttpClient


class Run(Protocol):
    def __call__(self, *argv: str) -> int: ...


@pytest.fixture
def environ(simulator: IssuerSimulator, tmp_path: Path) -> dict[str, str]:
    return {"POS_ISSUER": simulator.issuer, "POS_STATE_FOLDER": str(tmp_path / "state")}


@pytest.fixture
def run(environ: dict[str, str], clock: Clock, http: HttpClient, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setattr(cli, "wire_up", lambda settings: wire_up(settings, now=clock.now, wait=clock.wait, http=http))
    return lambda *argv: cli.main(argv, environ)


def test_acquire_shows_the_code_and_waits_for_the_approval(
    run: Run,
    simulator: IssuerSimulator,
    clock: Clock,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """S3-8, RFC 8628 §3.5."""
    wait = clock.wait

    def approve_while_waiting(seconds: float) -> None:
        wait(seconds)
        if len(clock.waits) == 3:
            simulator.approve()

    monkeypatch.setattr(clock, "wait", approve_while_waiting)
    assert run("acquire") == 0
    out = capsys.readouterr().out

    assert "User Code: WDJB-0000" in out
    assert f"Enter it at: {simulator.issuer}/activate" in out
    assert "License Status:        Licensed" in out
    assert "Token Expiry:          29 November 2026, 14:05 UTC" in out
    assert clock.waits == [5, 5, 5]


def test_acquire_goes_on_with_a_code_that_is_pending(
    run: Run, simulator: IssuerSimulator, capsys: pytest.CaptureFixture[str]
) -> None:
    run("start")
    simulator.approve()
    assert run("acquire") == 0

    assert "WDJB-0001" not in capsys.readouterr().out


@pytest.mark.parametrize("decision", ["access_denied", "expired_token"])
def test_acquire_ends_when_it_is_decided_otherwise(run: Run, simulator: IssuerSimulator, decision: str) -> None:
    simulator.decision = decision

    assert run("acquire") == 5


def test_acquire_outlasts_an_outage(run: Run, simulator: IssuerSimulator, capsys: pytest.CaptureFixture[str]) -> None:
    simulator.trouble(TOKEN, "503", "500", "html", "hang_up")
    simulator.approve()

    assert run("acquire") == 0
    assert "Still trying" in capsys.readouterr().err


def test_acquire_ends_when_the_code_expires_in_an_outage(
    run: Run, simulator: IssuerSimulator, capsys: pytest.CaptureFixture[str]
) -> None:
    simulator.trouble(TOKEN, *["hang_up"] * 200)

    assert run("acquire") == 5
    assert "no longer valid" in capsys.readouterr().out


def test_acquire_does_not_spin_while_nobody_answers(run: Run, simulator: IssuerSimulator, clock: Clock) -> None:
    simulator.trouble(TOKEN, *["503"] * 3)
    simulator.approve()
    run("acquire")

    assert len(clock.waits) >= 3


def test_acquire_can_be_interrupted_and_taken_up_again(
    run: Run,
    simulator: IssuerSimulator,
    clock: Clock,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupt(_seconds: float) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(clock, "wait", interrupt)
        assert run("acquire") == 130
    assert "goes on from here" in capsys.readouterr().err
    simulator.approve()

    assert run("acquire") == 0


def test_start_and_complete_for_scripts(
    run: Run, simulator: IssuerSimulator, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("start", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document == {
        "user_code": "WDJB-0000",
        "verification_uri": f"{simulator.issuer}/activate",
        "verification_uri_complete": f"{simulator.issuer}/activate?user_code=WDJB-0000",
        "expires_at": "2026-11-21T14:20:00+00:00",
        "interval": 5,
    }
    assert run("complete") == 4
    simulator.approve()
    assert run("complete") == 0


def test_complete_without_a_code(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("complete") == 3
    assert capsys.readouterr().err == "There is no User Code to complete. Run: tillpass-pos start\n"


def test_complete_says_what_to_run_next(
    run: Run, simulator: IssuerSimulator, capsys: pytest.CaptureFixture[str]
) -> None:
    """A shell has no buttons to choose."""
    for decision, words in (
        (
            "authorization_pending",
            f"Not authorized yet. Enter the User Code at {simulator.issuer}/activate, then run: ",
        ),
        ("access_denied", "The authorization was denied at the Authorization server. Run: tillpass-pos start"),
        ("expired_token", "The User Code is no longer valid. Run: tillpass-pos start"),
    ):
        simulator.decision = decision
        run("start")
        run("complete")
        out = capsys.readouterr().out
        assert words in out
        assert "Choose" not in out


def test_status_shows_the_code_that_waits(
    run: Run, simulator: IssuerSimulator, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    run("start")
    capsys.readouterr()
    assert run("status") == 3
    out = capsys.readouterr().out

    assert "User Code: WDJB-0000" in out
    assert f"Enter it at: {simulator.issuer}/activate" in out
    assert "It expires at 21 November 2026, 14:20 UTC." in out
    clock.advance(minutes=15)
    run("status")
    out = capsys.readouterr().out
    assert "WDJB-0000" not in out
    assert "run: tillpass-pos acquire" in out
    assert "Choose" not in out


HOSTILE = "Hub\x1b[2J\u202e\ud800\u2028\n"


def test_what_a_token_says_cannot_play_with_the_terminal(
    run: Run, simulator: IssuerSimulator, capsys: pytest.CaptureFixture[str]
) -> None:
    """T42."""
    run("start")
    simulator.approve(hub_server_name=HOSTILE, features=("x\x07ms",))
    run("complete")
    assert run("status") == 0
    out = capsys.readouterr().out

    assert all(sign == "\n" or sign.isprintable() for sign in out)
    assert run("status", "--json") == 0
    out = capsys.readouterr().out
    assert all(sign == "\n" or sign.isprintable() for sign in out)
    assert json.loads(out)["license"]["hub_server_name"] == HOSTILE


def test_what_an_error_says_cannot_play_with_the_terminal(
    environ: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["status"], {**environ, "POS_STATE_FOLDER": "/x\x1b[2J\ud800"}) == 1
    assert all(sign == "\n" or sign.isprintable() for sign in capsys.readouterr().err)


def test_a_terminal_that_knows_ascii_alone_shows_what_it_can(
    run: Run, simulator: IssuerSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", out)
    simulator.approve(hub_server_name="B\N{LATIN SMALL LETTER A WITH DIAERESIS}ckerei")

    assert run("acquire") == 0
    out.seek(0)
    assert "B?ckerei" in out.read()


def test_the_help_lists_exit_codes_and_variables(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--help"], {})
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]

    assert "4    not authorized yet" in lines
    for field in ("POS_ISSUER", "POS_STATE_FOLDER", "POS_CLIENT_ID", "POS_PUBLIC_URL", "POS_CA_FILE"):
        assert any(line.startswith(field) for line in lines)


def test_status_without_a_license(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("status") == 3
    assert "This server is not licensed." in capsys.readouterr().out
    assert run("status", "--json") == 3
    assert json.loads(capsys.readouterr().out)["license"] is None


def test_status_as_json(run: Run, simulator: IssuerSimulator, capsys: pytest.CaptureFixture[str], clock: Clock) -> None:
    run("start")
    simulator.approve()
    run("complete")
    capsys.readouterr()
    assert run("status", "--json") == 0
    document = json.loads(capsys.readouterr().out)

    assert document == {
        "active": True,
        "license": {
            "status": "Licensed",
            "server_id": "server-17",
            "renewal_date": "2027-11-21",
            "features": ["xms"],
            "hub_server_name": "Head Office",
            "hub_server_url": "https://hub.example/pos",
            "token_expiry": "2026-11-29T14:05:00+00:00",
            "token_status": "fresh",
            "days_left": 8,
        },
        "unverified": None,
        "last_contact_at": "2026-11-21T14:05:00+00:00",
        "authorization_ended": False,
        "ended_reason": None,
        "clock_fault": None,
        "pending": None,
    }


def test_status_of_a_deactivated_server_says_why(
    run: Run, simulator: IssuerSimulator, capsys: pytest.CaptureFixture[str], clock: Clock
) -> None:
    """S1-4."""
    run("start")
    simulator.approve()
    run("complete")
    clock.advance(days=8)
    assert run("status") == 3
    out = capsys.readouterr().out

    assert "Unable to Connect to License Server for 8 Days" in out
    assert "A firewall or gateway blocks the connection" in out


def test_status_needs_no_network(run: Run, simulator: IssuerSimulator, capsys: pytest.CaptureFixture[str]) -> None:
    run("start")
    simulator.approve()
    run("complete")
    simulator.requests.clear()

    assert run("status") == 0
    assert simulator.requests == []


def test_refresh(run: Run, simulator: IssuerSimulator, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("refresh") == 3
    run("start")
    simulator.approve()
    run("complete")
    assert run("refresh") == 0
    simulator.trouble(METADATA, "503")
    assert run("refresh") == 6
    simulator.refusal = OAuthError("invalid_grant", reason="replaced")
    capsys.readouterr()
    assert run("refresh") == 5
    assert "Another machine was authorized as this device." in capsys.readouterr().err
    assert run("status") == 0, "usable until its expiry"


def test_remove_asks_unless_told_not_to(
    run: Run, simulator: IssuerSimulator, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("remove", "--yes") == 3
    run("start")
    simulator.approve()
    run("complete")
    monkeypatch.setattr("builtins.input", lambda _question: "n")
    assert run("remove") == 0
    assert run("status") == 0
    monkeypatch.setattr("sys.stdin", io.StringIO())
    monkeypatch.setattr("builtins.input", input)
    assert run("remove") == 0
    assert run("status") == 0, "nobody answered"
    monkeypatch.setattr("builtins.input", lambda _question: "y")
    assert run("remove") == 0
    assert run("status") == 3


def test_remove_takes_a_license_that_cannot_be_verified(run: Run, simulator: IssuerSimulator, tmp_path: Path) -> None:
    run("start")
    simulator.approve()
    run("complete")
    path = tmp_path / "state" / "license.json"
    document = json.loads(path.read_text())
    document["held"]["license_token"] = "x"
    path.write_text(json.dumps(document))

    assert run("status") == 3
    assert run("remove", "--yes") == 0


def test_start_on_a_licensed_server(run: Run, simulator: IssuerSimulator) -> None:
    run("start")
    simulator.approve()
    run("complete")

    assert run("start") == 3


def test_wrong_settings_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["status"], {}) == 1
    assert "POS_ISSUER" in capsys.readouterr().err


def test_a_state_folder_that_cannot_be_used_is_told(
    environ: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "state").write_text("a file")

    assert cli.main(["status"], environ) == 1
    assert "cannot be used" in capsys.readouterr().err


@pytest.mark.parametrize("argv", [[], ["unknown"], ["status", "--unknown"]])
def test_a_misspelt_command_is_told(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(argv, {})
    assert ended.value.code == 2


@pytest.mark.parametrize(
    ("public_url", "options", "bind"),
    [
        ("", [], "127.0.0.1:8004"),
        ("http://192.168.1.5:8080", [], "192.168.1.5:8080"),
        ("http://pos.example", [], "pos.example:80"),
        ("https://pos.example", [], "127.0.0.1:8004"),
        ("https://pos.example", ["--bind", "127.0.0.1:9000"], "127.0.0.1:9000"),
    ],
)
def test_serve_becomes_gunicorn(
    environ: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    public_url: str,
    options: list[str],
    bind: str,
) -> None:
    commands = []
    monkeypatch.setattr(os, "execv", lambda _program, command: commands.append(command))
    cli.main(["serve", *options], {**environ, "POS_PUBLIC_URL": public_url})

    (command,) = commands
    assert command[1:4] == ["-m", "gunicorn", "pos_client.wsgi:app"]
    assert command[command.index("--bind") + 1] == bind
    assert command[command.index("--workers") + 1] == "1"
    assert "--no-control-socket" in command
    assert command[command.index("--forwarded-allow-ips") + 1] == ""
    assert command[command.index("--forwarder-headers") + 1] == ""
    where = public_url or "http://127.0.0.1:8004"
    assert capsys.readouterr().out == f"Manage License: {where}/manage-license\n"
