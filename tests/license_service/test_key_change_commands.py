"""`license-service key` and `seats`: what is changed, and who sits where."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from database.engine import Database
from license_service.actions.claim_seat import claim_seat
from license_service.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable

    from license_service.domain.license_key import LicenseKey

ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11"
OLD = "5d1c9f3e-8a52-4e0c-9a76-3c1f0c2b7d09"
NEW = "5d1c9f3e-8a52-4e0c-9a76-3c1f0c2b7d10"
OF_OLD = ["--organization-id", ORGANIZATION, "--device-id", OLD]


@pytest.fixture
def environ(sqlite_url: str) -> dict[str, str]:
    return {
        "LICENSE_DATABASE_URL": sqlite_url,
        "LICENSE_PUBLIC_URL": "http://127.0.0.1:8002",
        "LICENSE_ISSUER": "http://127.0.0.1:8001",
        "LICENSE_KEY_FOLDER": "keys-that-are-not-needed",
    }


@pytest.fixture
def key(sqlite_url: str, sell: Callable[..., LicenseKey]) -> LicenseKey:
    """Give a perpetual key of one seat, on which the old device sits."""
    database = Database(sqlite_url)
    sold = sell(database, ORGANIZATION)
    claim_seat(database, device_id=OLD, organization_id=ORGANIZATION, now=datetime(2026, 6, 1, 9, tzinfo=UTC))
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


def test_a_key_is_changed(run: Callable[..., dict[str, Any]], key: LicenseKey) -> None:
    """S2-17, S2-6."""
    assert run("key", "edit", key.id, "--id-number", "Shop 2")["id_number"] == "Shop 2"
    assert run("key", "switch", key.id, "--seats", "xms=7")["components"][0]["seats"] == 7
    assert run("key", "suspend", key.id)["status"] == "suspended"
    assert run("key", "reinstate", key.id.upper())["status"] == "active"
    assert run("key", "revoke", key.id)["status"] == "revoked"


def test_a_key_is_replaced_and_renewed(run: Callable[..., dict[str, Any]], key: LicenseKey) -> None:
    """S3-16, S3-17, S2-24."""
    new = run("key", "replace", key.id, "--id-number", "New", "--seats", "xms=2", "--renewal-date", "2999-01-31")

    assert new["components"][0]["seats_claimed"] == 1
    assert run("key", "renew", new["id"], "--until", "2999-12-31")["renewal_date"] == "2999-12-31"
    assert run("key", "renew", new["id"], "--for-ever")["renewal_date"] is None


def test_seats_are_listed_transferred_and_released(run: Callable[..., dict[str, Any]], key: LicenseKey) -> None:
    (seat,) = run("seats", "list", key.id)["seats"]
    moved = run("seats", "transfer", *OF_OLD, "--to-device-id", NEW)
    released = run("seats", "release", "--organization-id", ORGANIZATION, "--device-id", NEW)

    assert (seat["device_id"], moved["device_id"], released) == (OLD, NEW, {"released": NEW})
    assert run("seats", "list", key.id) == {"seats": []}


def test_seats_are_shown_to_a_person(
    environ: dict[str, str], key: LicenseKey, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["seats", "list", key.id], environ) == 0
    headings, line = capsys.readouterr().out.splitlines()
    assert headings.split() == ["DEVICE", "COMPONENT", "SINCE", "KEY"]
    assert line.split() == [OLD, "xms", "2026-06-01T09:00:00+00:00", key.id]

    assert main(["seats", "release", *OF_OLD], environ) == 0
    assert capsys.readouterr().out.split() == ["RELEASED", OLD]


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["key", "edit", "KEY", "--id-number", " "], "--id-number: "),
        (["key", "renew", "KEY", "--until", "soon"], "--until: "),
        (["key", "switch", "KEY", "--seats", "xms=0"], "--seats: "),
        (["key", "replace", "KEY", "--id-number", "New", "--seats", "xms"], "--seats: "),
        (["seats", "transfer", *OF_OLD, "--to-device-id", "x"], "--to-device-id: "),
        (["key", "suspend", "nonsense"], "There is no license key with this id."),
        (["seats", "release", "--organization-id", "x", "--device-id", "x"], "This device holds no seat"),
    ],
)
def test_what_is_wrong_is_said(
    environ: dict[str, str], key: LicenseKey, capsys: pytest.CaptureFixture[str], argv: list[str], said: str
) -> None:
    assert main([key.id if each == "KEY" else each for each in argv], environ) == 1
    assert capsys.readouterr().err.startswith(said)
