"""The commands of the calendar."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from notify_service.cli import main
from notify_service.outbound.client_authentication import public_key_set

if TYPE_CHECKING:
    from pathlib import Path

CALENDAR = {"NOTIFY_LICENSE_SERVICE_URL": "http://127.0.0.1:1", "NOTIFY_CLIENT_SECRET": "s3cret"}


def test_a_run_that_could_not_do_its_work_is_told_with_its_reason(
    settings_given: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody listens there."""
    environ = {**settings_given, **CALENDAR, "NOTIFY_AUTH_SERVICE_URL": "http://127.0.0.1:1"}

    assert main(["run-calendar"], environ) == 1

    assert "Not all of the work was done" in capsys.readouterr().err
    assert main(["calendar", "--json"], environ) == 0
    rows = {row["id"]: row for row in json.loads(capsys.readouterr().out)}
    assert set(rows) == {"scan_renewals", "scan_contacts", "scan_over_counts", "write_vendor_digest"}
    assert rows["scan_renewals"]["fault"] == "auth_service gives no token for licenses.read."
    assert rows["scan_renewals"]["finished_at"] is None
    assert main(["calendar"], environ) == 0
    assert "id=scan_contacts  due_at=2" in capsys.readouterr().out


def test_a_run_that_did_its_work_says_nothing(
    settings_given: dict[str, str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("notify_service.calendar_commands.run_calendar", lambda _: True)

    assert main(["run-calendar"], {**settings_given, **CALENDAR}) == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("command", ["run-calendar", "client-keys"])
def test_without_a_calendar_it_is_said_what_to_set(
    settings_given: dict[str, str], capsys: pytest.CaptureFixture[str], command: str
) -> None:
    assert main([command], settings_given) == 1
    assert "Set NOTIFY_" in capsys.readouterr().err


def test_the_public_key_is_given_for_registration(
    settings_given: dict[str, str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """RFC 7517 §9.2: the public half alone."""
    key, path = ec.generate_private_key(ec.SECP256R1()), tmp_path / "client.pem"
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(key.private_bytes(*form))
    given = {"NOTIFY_LICENSE_SERVICE_URL": "http://127.0.0.1:1", "NOTIFY_CLIENT_KEY_FILE": str(path)}

    assert main(["client-keys"], {**settings_given, **given}) == 0

    assert json.loads(capsys.readouterr().out) == public_key_set(key)
