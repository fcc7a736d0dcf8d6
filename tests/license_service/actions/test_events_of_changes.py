"""Which changes the vendor's other systems are told of."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from license_service.actions.claim_seat import claim_seat
from license_service.actions.reinstate_key import reinstate_key
from license_service.actions.renew_key import renew_key
from license_service.actions.replace_key import replace_key
from license_service.actions.suspend_key import suspend_key
from license_service.domain.errors import NoSeatFreeError
from license_service.domain.license_key import KeyTerms, OverCountPolicy
from tests.doubles.event_listener import listen, told

if TYPE_CHECKING:
    from collections.abc import Callable

    from database.engine import Database
    from license_service.domain.license_key import LicenseKey

NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11"
NEW_KEY = "9f2f3c64-0d8b-4b0e-a5f3-7a1d9a3f5c21"
DEVICES = [f"5d1c9f3e-8a52-4e0c-9a76-{number:012d}" for number in range(3)]


def claim(database: Database, device_id: str) -> None:
    claim_seat(database, device_id=device_id, organization_id=ORGANIZATION, now=NOW)


def test_a_key_that_is_issued_is_told_of(any_database: Database, sell: Callable[..., LicenseKey]) -> None:
    listen(any_database)

    key = sell(any_database, ORGANIZATION, seats=5, renewal_date=date(2027, 1, 31))

    assert told(any_database) == [
        (
            "license.activated",
            {
                "organization_id": ORGANIZATION,
                "license_key_id": key.id,
                "id_number": key.id_number,
                "profile_code": "standard",
                "components": {"xms": 5},
                "renewal_date": "2027-01-31",
            },
        )
    ]


def test_a_seat_that_is_claimed_is_told_of_once(any_database: Database, sell: Callable[..., LicenseKey]) -> None:
    key = sell(any_database, ORGANIZATION)
    listen(any_database)

    claim(any_database, DEVICES[0])
    claim(any_database, DEVICES[0])
    with pytest.raises(NoSeatFreeError):
        claim(any_database, DEVICES[1])

    data = {"device_id": DEVICES[0], "license_key_id": key.id, "component_code": "xms"}
    assert told(any_database) == [("seat.claimed", {"organization_id": ORGANIZATION, **data})]


def test_a_seat_above_what_is_owned_is_told_of_as_such(any_database: Database, sell: Callable[..., LicenseKey]) -> None:
    """S1-11: in the same form as what a check-in notices."""
    key = sell(any_database, ORGANIZATION, over_count=OverCountPolicy(100, 14))
    listen(any_database)

    for device_id in DEVICES[:2]:
        claim(any_database, device_id)

    assert sorted((kind, data["device_id"]) for kind, data in told(any_database)) == [
        ("seat.claimed", DEVICES[0]),
        ("seat.claimed", DEVICES[1]),
        ("seat.over", DEVICES[1]),
    ]
    [over] = [data for kind, data in told(any_database) if kind == "seat.over"]
    assert over == {
        "organization_id": ORGANIZATION,
        "device_id": DEVICES[1],
        "counted_by": "seats",
        "license_key_id": key.id,
        "component_code": "xms",
        "seats_owned": 1,
        "seats_in_use": 2,
        "outcome": "over_allowed_until",
        "over_count_since": NOW.isoformat(),
        "over_count_until": (NOW + timedelta(days=14)).isoformat(),
    }


def test_what_counts_again_and_what_lasts_longer_is_told_of(
    any_database: Database, sell: Callable[..., LicenseKey]
) -> None:
    """A key that is reinstated, one that is renewed, and the one that replaces it."""
    key = sell(any_database, ORGANIZATION, renewal_date=date(2027, 1, 31))
    listen(any_database)

    suspend_key(any_database, key.id, now=NOW)
    reinstate_key(any_database, key.id, now=NOW)
    renew_key(any_database, key.id, date(2028, 1, 31), now=NOW)
    terms = KeyTerms(id_number="New", profile_code="standard", seats={"xms": 1})
    replace_key(any_database, key.id, terms, new_key_id=NEW_KEY, now=NOW)

    assert {(kind, data["license_key_id"], data["renewal_date"]) for kind, data in told(any_database)} == {
        ("license.activated", key.id, "2027-01-31"),
        ("license.renewed", key.id, "2028-01-31"),
        ("license.activated", NEW_KEY, None),
    }
