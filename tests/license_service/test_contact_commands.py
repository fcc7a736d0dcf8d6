"""`license-service contacts`."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from database.engine import Database
from license_service.actions.claim_seat import claim_seat
from license_service.cli import main
from license_service.domain.check_in import CheckIn
from license_service.storage import contacts
from wire.check_in import CheckInReport, Register

if TYPE_CHECKING:
    from collections.abc import Callable

    from license_service.domain.license_key import LicenseKey

ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11"
DEVICE = "5d1c9f3e-8a52-4e0c-9a76-3c1f0c2b7d10"
DARK = "5d1c9f3e-8a52-4e0c-9a76-3c1f0c2b7d11"


@pytest.fixture
def environ(sqlite_url: str, sell: Callable[..., LicenseKey]) -> dict[str, str]:
    """Give a service with a device that checked in just now, and one that is dark."""
    database = Database(sqlite_url)
    sell(database, ORGANIZATION, seats=2)
    now = datetime.now(UTC)
    for device_id, at in ((DEVICE, now), (DARK, now - timedelta(days=9))):
        claim_seat(database, device_id=device_id, organization_id=ORGANIZATION, now=at)
    report = CheckInReport("1.4.0", now + timedelta(seconds=90), {"xms": 2}, (Register("t", "Till"),))
    with database.transaction() as connection:
        contacts.note_check_in(connection, CheckIn(DEVICE, ORGANIZATION, now, report))
    database.close()
    return {
        "LICENSE_DATABASE_URL": sqlite_url,
        "LICENSE_PUBLIC_URL": "http://127.0.0.1:8002",
        "LICENSE_ISSUER": "http://127.0.0.1:8001",
        "LICENSE_KEY_FOLDER": "keys-that-are-not-needed",
    }


def test_contacts_are_shown_as_a_table(environ: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["contacts"], environ) == 0

    heads, dark, fresh = capsys.readouterr().out.splitlines()
    assert heads.split()[:3] == ["DEVICE", "ORGANIZATION", "STATE"]
    assert dark.split()[:3] == [DARK, ORGANIZATION, "deactivated"]
    assert fresh.split()[:3] == [DEVICE, ORGANIZATION, "in_contact"]
    assert fresh.split()[5:] == ["1.4.0", "+90", "s", "xms", "2", "1"]


def test_contacts_are_listed_by_organization_and_state(
    environ: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    listed = {}
    for state in ("in_contact", "warned", "deactivated"):
        assert main(["contacts", "--organization-id", ORGANIZATION, "--state", state, "--json"], environ) == 0
        listed[state] = [each["device_id"] for each in json.loads(capsys.readouterr().out)["contacts"]]

    assert listed == {"in_contact": [DEVICE], "warned": [], "deactivated": [DARK]}


def test_an_organization_that_is_no_id_is_named(environ: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["contacts", "--organization-id", "x"], environ) == 1

    assert capsys.readouterr().err == "--organization-id: Must be a UUID.\n"
