"""`license-service export`."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest

from database.engine import Database
from license_service.actions.add_component import add_component
from license_service.actions.claim_seat import claim_seat
from license_service.actions.suspend_key import suspend_key
from license_service.cli import main
from license_service.domain.catalog import Component

if TYPE_CHECKING:
    from collections.abc import Callable

    from license_service.domain.license_key import LicenseKey

ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11"
OTHER_ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a12"
DEVICE = "5d1c9f3e-8a52-4e0c-9a76-3c1f0c2b7d10"


@pytest.fixture
def environ(sqlite_url: str, sell: Callable[..., LicenseKey]) -> dict[str, str]:
    """Give a service with two organizations, one of which has a device that sits."""
    database = Database(sqlite_url)
    add_component(database, Component("kds", "Kitchen display"))
    seats = {"xms": 2, "kds": 1}
    sell(database, ORGANIZATION, seats=seats, id_number="Shops-north", renewal_date=date(2126, 1, 31))
    claim_seat(database, device_id=DEVICE, organization_id=ORGANIZATION, now=datetime.now(UTC))
    suspend_key(database, sell(database, OTHER_ORGANIZATION, id_number="Else").id, now=datetime.now(UTC))
    database.close()
    return {
        "LICENSE_DATABASE_URL": sqlite_url,
        "LICENSE_PUBLIC_URL": "http://127.0.0.1:8002",
        "LICENSE_ISSUER": "http://127.0.0.1:8001",
        "LICENSE_KEY_FOLDER": "keys-that-are-not-needed",
    }


def test_the_table_has_a_row_for_each_component_of_each_key(
    environ: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export"], environ) == 0

    heads, *rows = (line.split() for line in capsys.readouterr().out.splitlines())
    assert heads[0] == "ORGANIZATION"
    assert rows == [
        [ORGANIZATION, "A-1", "Shops-north", "standard", "kds", "1", "0", "Licensed", "2126-01-31"],
        [ORGANIZATION, "A-1", "Shops-north", "standard", "xms", "2", "1", "Licensed", "2126-01-31"],
        [OTHER_ORGANIZATION, "A-2", "Else", "standard", "xms", "1", "0", "suspended", "none"],
    ]


def test_in_json_it_is_all_of_one_organization_and_nothing_of_another(
    environ: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", "--organization-id", ORGANIZATION, "--json"], environ) == 0

    text = capsys.readouterr().out
    told = json.loads(text)
    assert OTHER_ORGANIZATION not in text
    [agreement], [key], [seat] = told["agreements"], told["license_keys"], told["seats"]
    assert (key["agreement_id"], key["id_number"]) == (agreement["id"], "Shops-north")
    assert (seat["device_id"], seat["key_id"]) == (DEVICE, key["id"])
    assert told["access_groups"] == []
