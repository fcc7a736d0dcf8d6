"""The commands for signing keys, and what the relay does with them (T29, T30, F40)."""

from __future__ import annotations

import builtins
import json
import os
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from auth_service.actions.create_signing_key import create_signing_key
from auth_service.cli import main
from auth_service.domain.errors import SettingsError
from auth_service.domain.key_ring import SETTLING
from auth_service.key_commands import ROTATION_PAUSE_SECONDS, ScheduledRotation
from auth_service.settings import Pkcs11Settings
from auth_service.storage.audit_trail import walk_events
from auth_service.tokens.key_vault import KeyVault
from auth_service.wiring import key_vault
from database.engine import Database
from tests.doubles.key_vaults import NOW, Monotonic, states
from tests.doubles.soft_hsm import MODULE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from auth_service.settings import Settings


@pytest.fixture
def vault(environment: Settings) -> KeyVault:
    return KeyVault(environment.key_folder)


@pytest.fixture
def database(environment: Settings) -> Iterator[Database]:
    database = Database(environment.database_url)
    yield database
    database.close()


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main(["--json", *arguments]) == 0
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    return answer


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(list(arguments)) == 1
    return capsys.readouterr().err


def _age(vault: KeyVault) -> None:
    """Make every key as old as verifiers need it."""
    ring = vault.read()
    with vault.changing(NOW) as change:
        aged = tuple(replace(key, published_at=key.published_at - SETTLING) for key in ring.keys)
        change.commit(replace(ring, keys=aged))


def test_the_routine(vault: KeyVault, capsys: pytest.CaptureFixture[str]) -> None:
    """T30, F40."""
    first = run(capsys, "create-key")["kid"]
    second = run(capsys, "create-key")["kid"]
    assert states(vault) == {first: "current", second: "next"}
    assert "--now" in refused(capsys, "rotate-key")
    _age(vault)

    happened = run(capsys, "rotate-key", "--create-next")["events"]

    third = happened[0]["kid"]
    assert happened == [
        {"event": "key_created", "kid": third},
        {"event": "key_retired", "kid": first},
        {"event": "key_promoted", "kid": second},
    ]
    assert [(key["kid"], key["state"]) for key in run(capsys, "list-keys")["keys"]] == [
        (first, "retired"),
        (second, "current"),
        (third, "next"),
    ]


def test_a_leaked_key_is_revoked(vault: KeyVault, capsys: pytest.CaptureFixture[str]) -> None:
    """T29, F40."""
    first = run(capsys, "create-key")["kid"]

    run(capsys, "revoke-key", f"--kid={first}")

    assert first not in states(vault)
    assert list(states(vault).values()) == ["current"]
    assert "list-keys" in refused(capsys, "revoke-key", f"--kid={first}")


def test_every_key_is_revoked(vault: KeyVault, capsys: pytest.CaptureFixture[str]) -> None:
    """T29."""
    kids = {run(capsys, "create-key")["kid"], run(capsys, "create-key")["kid"]}

    run(capsys, "revoke-key", "--all")

    assert not kids & states(vault).keys()
    assert list(states(vault).values()) == ["current"]


@pytest.mark.parametrize("arguments", [[], ["--all", "--kid=x"]])
def test_what_to_revoke_is_said(environment: Settings, arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["revoke-key", *arguments])

    assert ended.value.code == 2


def test_keys_are_listed_for_people_one_in_a_line(vault: KeyVault, capsys: pytest.CaptureFixture[str]) -> None:
    kids = [run(capsys, "create-key")["kid"], run(capsys, "create-key")["kid"]]

    assert main(["list-keys"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[:2] for line in lines] == [
        [f"kid: {kids[0]}", "state: current"],
        [f"kid: {kids[1]}", "state: next"],
    ]


def test_no_command_shows_a_private_half(
    vault: KeyVault, environment: Settings, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """T29, T32."""
    caplog.set_level("DEBUG")
    said = ""
    for command in (["create-key"], ["create-key"], ["list-keys"], ["rotate-key", "--now"], ["revoke-key", "--all"]):
        pems = [path.read_text() for path in environment.key_folder.glob("*.pem")]
        assert main(command) == 0
        captured = capsys.readouterr()
        said += captured.out + captured.err + caplog.text
        for pem in pems:
            assert pem.splitlines()[1] not in said
    assert "PRIVATE" not in said


def test_every_change_is_logged_with_its_kid(
    vault: KeyVault, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    kid = run(capsys, "create-key")["kid"]

    logged = [
        (record.__dict__["key_event"], record.__dict__["kid"])
        for record in caplog.records
        if record.name == "auth_service.key_commands"
    ]

    assert logged == [("key_created", kid), ("key_promoted", kid)]


def test_the_relay_moves_the_keys_once_a_minute(vault: KeyVault, database: Database) -> None:
    """T30, T66: and the audit trail is told."""
    create_signing_key(vault, now=NOW)
    clock = Monotonic()
    at = [NOW]
    move_keys_on = ScheduledRotation(vault, 2, database=database, now=lambda: at[0], monotonic=clock)

    move_keys_on()
    assert list(states(vault).values()) == ["current"]
    at[0] += timedelta(days=1)
    move_keys_on()
    assert list(states(vault).values()) == ["current"]
    clock.seconds += ROTATION_PAUSE_SECONDS
    move_keys_on()
    assert list(states(vault).values()) == ["current", "next"]
    with database.reading() as connection:
        [event] = walk_events(connection)
    assert event.event == "key_created"


def test_keys_are_killed_although_the_audit_trail_is_away(
    environment: Settings,
    vault: KeyVault,
    database: Database,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """T29, T66: the log says that the trail lacks it."""
    kid = create_signing_key(vault, now=NOW)[0].kid
    with database.transaction() as connection:
        connection.execute(text("DROP TABLE audit_head"))

    run(capsys, "revoke-key", f"--kid={kid}")

    assert kid not in states(vault)
    assert "the audit trail could not be told of the signing keys" in caplog.messages


def test_a_vault_that_cannot_be_changed_does_not_stop_the_relay_and_is_logged_once(
    vault: KeyVault, environment: Settings, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    create_signing_key(vault, now=NOW)
    state = environment.key_folder / "signing-keys.json"
    state.chmod(0o644)
    clock = Monotonic()
    move_keys_on = ScheduledRotation(vault, 90, database=database, now=lambda: NOW, monotonic=clock)

    for _ in range(3):
        move_keys_on()
        clock.seconds += ROTATION_PAUSE_SECONDS
    state.chmod(0o600)
    move_keys_on()
    clock.seconds += ROTATION_PAUSE_SECONDS
    state.chmod(0o644)
    move_keys_on()

    assert [record.message for record in caplog.records] == ["the signing keys cannot be moved on here"] * 2


def test_run_by_root_the_commands_make_what_the_service_can_read(
    environment: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """T29: otherwise somebody would open the files to everyone."""
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    environment.key_folder.mkdir(mode=0o700)
    os.chown(environment.key_folder, 12345, 12345)

    run(capsys, "create-key")

    assert {path.stat().st_uid for path in environment.key_folder.iterdir()} == {12345}


def test_a_token_without_its_package_is_said(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_token = replace(settings, pkcs11=Pkcs11Settings(MODULE, "tillpass", tmp_path / "pin"))
    assert key_vault(with_token)
    imported = builtins.__import__

    def without_it(name: str, *arguments: Any, **more: Any) -> Any:
        if name == "auth_service.tokens.pkcs11_token":
            raise ModuleNotFoundError(name="pkcs11")
        return imported(name, *arguments, **more)

    monkeypatch.setattr(builtins, "__import__", without_it)

    with pytest.raises(SettingsError, match=r"tillpass\[hsm\]"):
        key_vault(with_token)
