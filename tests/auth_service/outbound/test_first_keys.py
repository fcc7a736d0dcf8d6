"""The first license key of a Group, made by a real license_service (S1-34, S2-5; F42, F47)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from auth_service.domain.connecting_group import KeyVerdict
from auth_service.domain.errors import FirstKeyRefusedError, LicenseServiceAwayError
from auth_service.domain.registration import Registration, RegistrationState
from auth_service.domain.trial import Trial
from auth_service.outbound.first_keys import FirstKeys
from auth_service.outbound.license_api import LicenseApi
from database.migrations import migrate
from tests.doubles.license_house import LICENSES_URL, open_license_house
from wire.access_key import claimed_organization
from wire.http_client import HttpClient

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.doubles.auth_house import House
    from tests.doubles.license_house import LicenseHouse

NOW = datetime.now(UTC)
REGISTRATION = Registration(
    id="6f1f3c64-0d8b-4b0e-a5f3-7a1d9a3f5c21",
    state=RegistrationState.ACTIVATED,
    group_name="Corner Bakery, 90210",
    email="manager@corner-bakery.example",
    sales_manager=None,
    locale="en",
    requested_from="192.0.2.7",
    created_at=NOW,
    expires_at=NOW + timedelta(days=7),
    organization_id="0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11",
    activated_at=NOW,
)


@pytest.fixture(scope="module")
def migrated_licenses(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("licenses") / "license.db"
    migrate("license_service", f"sqlite:///{path}")
    return path


@pytest.fixture
def vendor(house: House, migrated_licenses: Path, tmp_path: Path) -> Iterator[LicenseHouse]:
    opened = open_license_house(house, migrated_licenses, tmp_path)
    yield opened
    opened.wired.database.close()


def first_keys(house: House, vendor: LicenseHouse, trial: Trial | None = None) -> FirstKeys:
    issuer = house.wired.protocol.issuer
    return FirstKeys(vendor.http, LICENSES_URL, issuer, trial=trial or Trial(), now=lambda: datetime.now(UTC))


def test_the_key_is_of_the_group_and_of_the_trial_that_the_settings_name(house: House, vendor: LicenseHouse) -> None:
    """S1-34, S2-5: from an agreement of the registration's own."""
    key = first_keys(house, vendor, Trial("standard", (("xms", 3),), days=14)).issue(REGISTRATION)

    assert claimed_organization(key.access_key) == REGISTRATION.organization_id
    assert (key.profile_name, key.renewal_date) == ("Standard", (NOW + timedelta(days=14)).date())
    assert key.access_key not in repr(key)
    assert vendor.rows("agreements")[0].number == f"REG-{REGISTRATION.id}"
    assert vendor.rows("key_components")[0].seats == 3


def test_connecting_takes_the_key_for_this_group_alone(house: House, vendor: LicenseHouse) -> None:
    """S1-38, S1-41: as license_service itself judges it."""
    key = first_keys(house, vendor).issue(REGISTRATION)
    api = LicenseApi(vendor.http, LICENSES_URL, house.wired.protocol.issuer, now=lambda: datetime.now(UTC))

    assert api.validate_access_key(key.access_key, str(REGISTRATION.organization_id)) == KeyVerdict(
        None, is_active=True
    )
    assert api.validate_access_key(key.access_key, house.organization_id).refusal == (
        "access_key_of_another_organization"
    )
    assert api.validate_access_key("garbage", house.organization_id).refusal == "access_key_mistyped"


@pytest.mark.parametrize("lost", [1, 2, 3, 4, 5])
def test_whichever_answer_is_lost_one_key_is_made(house: House, vendor: LicenseHouse, lost: int) -> None:
    """F47: also when license_service has forgotten what it was asked a day ago."""
    keys = first_keys(house, vendor)
    vendor.http.lose_answer_of = lost
    with pytest.raises(LicenseServiceAwayError):
        keys.issue(REGISTRATION)
    vendor.change("DELETE FROM idempotency_keys")

    again = keys.issue(REGISTRATION)

    assert again.access_key == keys.issue(REGISTRATION).access_key
    assert (len(vendor.rows("agreements")), len(vendor.rows("license_keys"))) == (1, 1)


def test_who_asks_again_later_gets_what_counts_by_then(house: House, vendor: LicenseHouse) -> None:
    """S2-17: the vendor has renewed the key under another ID #, and no second trial comes of it."""
    keys = first_keys(house, vendor)
    keys.issue(REGISTRATION)
    vendor.change("UPDATE license_keys SET id_number = 'Shops north', renewal_date = '2031-01-31'")
    vendor.change("DELETE FROM idempotency_keys")
    again = keys.issue(REGISTRATION)

    assert again.renewal_date == date(2031, 1, 31)
    assert [row.id_number for row in vendor.rows("license_keys")] == ["Shops north"]


@pytest.mark.parametrize("trial", [Trial(profile_code="gold"), Trial(components=(("kds", 1),))])
def test_a_trial_that_the_catalog_does_not_have_is_refused(house: House, vendor: LicenseHouse, trial: Trial) -> None:
    """F42: asking again would not help, but for who puts the catalog right."""
    with pytest.raises(FirstKeyRefusedError):
        first_keys(house, vendor, trial).issue(REGISTRATION)
    assert vendor.rows("license_keys") == []


def test_nobody_listening_means_away(house: House) -> None:
    """F42."""
    keys = FirstKeys(HttpClient(), "http://127.0.0.1:1", house.wired.protocol.issuer, trial=Trial(), now=house.clock)

    with pytest.raises(LicenseServiceAwayError):
        keys.issue(REGISTRATION)


def test_only_an_activated_group_gets_a_key(house: House, vendor: LicenseHouse) -> None:
    """S1-35."""
    with pytest.raises(ValueError, match="organization"):
        first_keys(house, vendor).issue(replace(REGISTRATION, organization_id=None))
    assert vendor.http.asked == []
