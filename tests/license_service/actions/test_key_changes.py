"""What is changed of a key: its ID #, its status, its date, its contents; and the key that takes its place."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest

from license_service.actions.add_component import add_component
from license_service.actions.add_profile import add_profile
from license_service.actions.claim_seat import claim_seat
from license_service.actions.edit_id_number import edit_id_number
from license_service.actions.list_license_keys import list_license_keys
from license_service.actions.list_seats import list_seats
from license_service.actions.read_entitlement import read_entitlement
from license_service.actions.read_license_key import read_license_key
from license_service.actions.reinstate_key import reinstate_key
from license_service.actions.renew_key import renew_key
from license_service.actions.replace_key import replace_key
from license_service.actions.revoke_key import revoke_key
from license_service.actions.suspend_key import suspend_key
from license_service.actions.switch_key import switch_key
from license_service.domain.catalog import Component, Profile
from license_service.domain.errors import (
    IdNumberTakenError,
    KeyEndedError,
    KeyNotFoundError,
    KeyStatusError,
    LicenseServiceError,
    LicenseSuspendedError,
    NoLicenseError,
    NoSeatError,
    RenewalDateError,
    SeatsInUseError,
    StaleVersionError,
    UnknownComponentError,
    UnknownProfileError,
)
from license_service.domain.license_key import KeyComponent, KeyStatus, KeyTerms, OverCountPolicy

if TYPE_CHECKING:
    from collections.abc import Callable

    from database.engine import Database
    from license_service.domain.license_key import LicenseKey
    from license_service.domain.seat import SeatTerms

    Sell = Callable[..., LicenseKey]

NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11"
NEW_KEY = "9f2f3c64-0d8b-4b0e-a5f3-7a1d9a3f5c21"
TERMS = KeyTerms(id_number="New", profile_code="standard", seats={"xms": 5})


def claim(database: Database, device_id: str, component_code: str = "xms") -> SeatTerms:
    return claim_seat(
        database, device_id=device_id, organization_id=ORGANIZATION, component_code=component_code, now=NOW
    )


def entitlement(database: Database, device_id: str) -> SeatTerms:
    return read_entitlement(database, device_id=device_id, organization_id=ORGANIZATION, now=NOW)


def replace(database: Database, key: LicenseKey, terms: KeyTerms = TERMS, **more: Any) -> LicenseKey:
    return replace_key(database, key.id, terms, new_key_id=NEW_KEY, now=NOW, **more)


CHANGES: dict[str, Callable[..., LicenseKey]] = {
    "edit": lambda database, key_id, **more: edit_id_number(database, key_id, "Other", **more),
    "suspend": lambda database, key_id, **more: suspend_key(database, key_id, now=NOW, **more),
    "reinstate": lambda database, key_id, **more: reinstate_key(database, key_id, now=NOW, **more),
    "revoke": lambda database, key_id, **more: revoke_key(database, key_id, now=NOW, **more),
    "renew": lambda database, key_id, **more: renew_key(database, key_id, date(2028, 1, 31), now=NOW, **more),
    "switch": lambda database, key_id, **more: switch_key(
        database, key_id, profile_code="standard", seats={"xms": 2}, now=NOW, **more
    ),
    "replace": lambda database, key_id, **more: replace_key(
        database, key_id, TERMS, new_key_id=NEW_KEY, now=NOW, **more
    ),
}
EVERY = pytest.mark.parametrize("change", CHANGES)


@EVERY
def test_a_key_that_there_is_not_cannot_be_changed(any_database: Database, change: str) -> None:
    with pytest.raises(KeyNotFoundError):
        CHANGES[change](any_database, NEW_KEY)


@EVERY
def test_a_change_that_was_decided_on_an_older_version_is_refused(
    any_database: Database, sell: Sell, change: str
) -> None:
    """Nobody undoes what they have not seen."""
    key = edit_id_number(any_database, sell(any_database, ORGANIZATION).id, "Second version")

    with pytest.raises(StaleVersionError):
        CHANGES[change](any_database, key.id, expected_version=1)
    assert list_license_keys(any_database) == [key]


@EVERY
def test_a_change_makes_the_next_version(any_database: Database, sell: Sell, change: str) -> None:
    key = sell(any_database, ORGANIZATION, renewal_date=date(2027, 1, 31))
    if change == "reinstate":
        key = suspend_key(any_database, key.id, now=NOW)

    changed = CHANGES[change](any_database, key.id, expected_version=key.version)

    assert read_license_key(any_database, key.id).version == key.version + 1
    assert changed == read_license_key(any_database, changed.id)


@EVERY
@pytest.mark.parametrize("end", [CHANGES["revoke"], CHANGES["replace"]])
def test_nothing_of_a_key_that_is_gone_changes(
    any_database: Database, sell: Sell, change: str, end: Callable[..., LicenseKey]
) -> None:
    key = sell(any_database, ORGANIZATION, renewal_date=date(2027, 1, 31))
    end(any_database, key.id)
    before = list_license_keys(any_database)

    with pytest.raises(KeyStatusError):
        CHANGES[change](any_database, key.id)
    assert list_license_keys(any_database) == before


def test_64_renewals_of_one_version_at_once_are_one(any_database: Database, sell: Sell) -> None:
    key = sell(any_database, ORGANIZATION, renewal_date=date(2027, 1, 31))
    barrier = threading.Barrier(64)

    def renew(day: int) -> LicenseKey | LicenseServiceError:
        barrier.wait()
        try:
            return renew_key(any_database, key.id, date.fromordinal(750_000 + day), now=NOW, expected_version=1)
        except LicenseServiceError as error:
            return error

    with ThreadPoolExecutor(64) as threads:
        answers = list(threads.map(renew, range(64)))

    (renewed,) = [answer for answer in answers if not isinstance(answer, LicenseServiceError)]
    assert {type(answer) for answer in answers if answer is not renewed} == {StaleVersionError}
    assert read_license_key(any_database, key.id) == renewed


def test_the_id_number_changes_alone(any_database: Database, sell: Sell) -> None:
    """S2-17, S2-22."""
    key, other = sell(any_database, ORGANIZATION), sell(any_database, ORGANIZATION, id_number="Taken")

    edited = edit_id_number(any_database, key.id, "Shops south")

    assert (edited.id_number, edited.components, edited.renewal_date) == (
        "Shops south",
        key.components,
        key.renewal_date,
    )
    with pytest.raises(IdNumberTakenError):
        edit_id_number(any_database, key.id, other.id_number)
    assert read_license_key(any_database, key.id) == edited


def test_a_suspended_key_gives_nothing_until_it_is_reinstated(any_database: Database, sell: Sell) -> None:
    key = sell(any_database, ORGANIZATION, seats=2)
    held = claim(any_database, "d1")
    suspend_key(any_database, key.id, now=NOW)

    for refused in (lambda: entitlement(any_database, "d1"), lambda: claim(any_database, "d1")):
        with pytest.raises(LicenseSuspendedError):
            refused()
    with pytest.raises(LicenseSuspendedError):
        claim(any_database, "d2")
    reinstate_key(any_database, key.id, now=NOW)

    assert entitlement(any_database, "d1") == held
    assert claim(any_database, "d2").seat.key_id == key.id


def test_another_key_takes_new_devices_while_one_is_suspended(any_database: Database, sell: Sell) -> None:
    suspended, other = sell(any_database, ORGANIZATION), sell(any_database, ORGANIZATION)
    suspend_key(any_database, suspended.id, now=NOW)

    assert claim(any_database, "d1").seat.key_id == other.id


def test_only_an_active_key_is_suspended_switched_or_replaced(any_database: Database, sell: Sell) -> None:
    key = sell(any_database, ORGANIZATION)
    with pytest.raises(KeyStatusError):
        reinstate_key(any_database, key.id, now=NOW)
    suspend_key(any_database, key.id, now=NOW)

    for change in ("suspend", "switch", "replace"):
        with pytest.raises(KeyStatusError):
            CHANGES[change](any_database, key.id)
    assert [each.status for each in list_license_keys(any_database)] == [KeyStatus.SUSPENDED]


def test_a_revoked_key_has_no_seats(any_database: Database, sell: Sell) -> None:
    key = sell(any_database, ORGANIZATION, seats=1, over_count=OverCountPolicy(100, 14))
    for device in ("d1", "d2"):
        claim(any_database, device)

    assert revoke_key(any_database, key.id, now=NOW).components == (KeyComponent("xms", 1),)
    assert list_seats(any_database, key.id) == []
    with pytest.raises(NoSeatError):
        entitlement(any_database, "d1")
    with pytest.raises(NoLicenseError):
        claim(any_database, "d1")


def test_64_claims_while_the_key_is_revoked_leave_no_seat_on_it(any_database: Database, sell: Sell) -> None:
    """T59: neither a seat nor a count is left behind, whoever comes first."""
    key = sell(any_database, ORGANIZATION, seats=64)
    barrier = threading.Barrier(65)

    def one(number: int) -> None:
        barrier.wait()
        if number == 32:
            revoke_key(any_database, key.id, now=NOW)
        else:
            with suppress(NoLicenseError):
                claim(any_database, f"d{number}")

    with ThreadPoolExecutor(65) as threads:
        list(threads.map(one, range(65)))

    assert list_seats(any_database, key.id) == []
    assert read_license_key(any_database, key.id).components == (KeyComponent("xms", 64),)


def test_a_key_is_renewed_in_place(any_database: Database, sell: Sell) -> None:
    """S3-16: and what sits on it reads the new date."""
    key = sell(any_database, ORGANIZATION, renewal_date=date(2026, 6, 1))
    claim(any_database, "d1")

    renew_key(any_database, key.id, date(2027, 6, 1), now=NOW)
    assert entitlement(any_database, "d1").renewal_date == date(2027, 6, 1)
    renew_key(any_database, key.id, None, now=NOW)
    assert entitlement(any_database, "d1").renewal_date is None


def test_a_key_that_has_ended_is_not_renewed(any_database: Database, sell: Sell) -> None:
    """S3-17."""
    key = sell(any_database, ORGANIZATION, renewal_date=date(2026, 5, 31))

    with pytest.raises(KeyEndedError):
        renew_key(any_database, key.id, date(2027, 6, 1), now=NOW)
    assert read_license_key(any_database, key.id) == key


def test_a_renewal_is_to_a_later_day(any_database: Database, sell: Sell) -> None:
    key = sell(any_database, ORGANIZATION, renewal_date=date(2027, 1, 31))

    with pytest.raises(RenewalDateError):
        renew_key(any_database, key.id, date(2027, 1, 31), now=NOW)


@pytest.fixture
def kds(any_database: Database) -> Component:
    component = Component("kds", "Kitchen display")
    add_component(any_database, component)
    add_profile(any_database, Profile("premium", "Premium", {"xms": ("xms", "loyalty"), "kds": ("kds",)}))
    return component


def test_a_key_is_switched_to_another_profile_and_other_components(
    any_database: Database, sell: Sell, kds: Component
) -> None:
    """S2-6, S2-23: devices that sit get the features of the new profile."""
    key = sell(any_database, ORGANIZATION, seats={"xms": 2})
    claim(any_database, "d1")

    switched = switch_key(any_database, key.id, profile_code="premium", seats={"xms": 1, "kds": 3}, now=NOW)

    assert switched.components == (KeyComponent("kds", 3), KeyComponent("xms", 1, 1))
    assert entitlement(any_database, "d1").features == ("xms", "loyalty")
    assert claim(any_database, "d2", "kds").features == ("kds",)


@pytest.mark.parametrize("seats", [{"xms": 1}, {"kds": 5}])
def test_a_switch_takes_no_seat_from_under_a_device(
    any_database: Database, sell: Sell, kds: Component, seats: dict[str, int]
) -> None:
    """T59."""
    key = sell(any_database, ORGANIZATION, seats={"xms": 2})
    for device in ("d1", "d2"):
        claim(any_database, device)
    before = read_license_key(any_database, key.id)

    with pytest.raises(SeatsInUseError):
        switch_key(any_database, key.id, profile_code="premium", seats=seats, now=NOW)
    assert read_license_key(any_database, key.id) == before


def test_a_switch_to_more_seats_ends_an_over_count(any_database: Database, sell: Sell) -> None:
    """S1-11: and one that leaves it as it is, is let be."""
    key = sell(any_database, ORGANIZATION, over_count=OverCountPolicy(100, 14))
    for device in ("d1", "d2"):
        claim(any_database, device)

    same = switch_key(any_database, key.id, profile_code="standard", seats={"xms": 1}, now=NOW)
    more = switch_key(any_database, key.id, profile_code="standard", seats={"xms": 2}, now=NOW)

    assert same.components == (KeyComponent("xms", 1, 2, NOW),)
    assert more.components == (KeyComponent("xms", 2, 2),)


@pytest.mark.parametrize(
    ("profile_code", "seats", "error"),
    [("golden", {"xms": 1}, UnknownProfileError), ("standard", {"xms": 1, "pda": 1}, UnknownComponentError)],
)
def test_a_switch_is_to_what_the_catalog_has(
    any_database: Database, sell: Sell, profile_code: str, seats: dict[str, int], error: type[Exception]
) -> None:
    key = sell(any_database, ORGANIZATION)

    with pytest.raises(error):
        switch_key(any_database, key.id, profile_code=profile_code, seats=seats, now=NOW)
    assert read_license_key(any_database, key.id) == key


def test_the_devices_of_a_replaced_key_sit_on_the_new_one(any_database: Database, sell: Sell, kds: Component) -> None:
    """S2-24, S3-17: also after its date."""
    key = sell(any_database, ORGANIZATION, seats={"xms": 2, "kds": 1}, renewal_date=date(2026, 6, 1))
    for device, code in (("d1", "xms"), ("d2", "xms"), ("d3", "kds")):
        claim(any_database, device, code)
    terms = KeyTerms(id_number="New", profile_code="premium", seats={"xms": 3, "kds": 1})

    new = replace_key(
        any_database, key.id, terms, new_key_id=NEW_KEY, now=datetime(2026, 7, 1, tzinfo=UTC), expected_version=1
    )

    old = read_license_key(any_database, key.id)
    assert (old.status, old.replaced_by) == (KeyStatus.REPLACED, NEW_KEY)
    assert old.components == (KeyComponent("kds", 1), KeyComponent("xms", 2))
    assert (new.status, new.version, new.agreement_id) == (KeyStatus.ACTIVE, 1, key.agreement_id)
    assert new.components == (KeyComponent("kds", 1, 1), KeyComponent("xms", 3, 2))
    assert {seat.device_id for seat in list_seats(any_database, NEW_KEY)} == {"d1", "d2", "d3"}
    assert entitlement(any_database, "d1").features == ("xms", "loyalty")


@pytest.mark.parametrize("seats", [{"xms": 1}, {"kds": 5}])
def test_a_key_that_is_too_small_replaces_none(
    any_database: Database, sell: Sell, kds: Component, seats: dict[str, int]
) -> None:
    """T59: nobody loses a seat by it."""
    key = sell(any_database, ORGANIZATION, seats={"xms": 2})
    for device in ("d1", "d2"):
        claim(any_database, device)
    before = list_license_keys(any_database)

    with pytest.raises(SeatsInUseError):
        replace(any_database, key, KeyTerms(id_number="New", profile_code="premium", seats=seats))
    assert list_license_keys(any_database) == before
    assert len(list_seats(any_database, key.id)) == 2


def test_the_new_key_has_an_id_number_of_its_own(any_database: Database, sell: Sell) -> None:
    """S2-22."""
    key = sell(any_database, ORGANIZATION, id_number="New")

    with pytest.raises(IdNumberTakenError):
        replace(any_database, key)
    assert list_license_keys(any_database) == [key]


def test_64_claims_while_the_key_is_replaced_all_sit_on_the_new_one(any_database: Database, sell: Sell) -> None:
    """T59, S2-24: whoever claimed before is moved, whoever claims after finds the new key."""
    key = sell(any_database, ORGANIZATION, seats=64)
    barrier = threading.Barrier(65)

    def one(number: int) -> None:
        barrier.wait()
        if number == 32:
            replace(any_database, key, KeyTerms(id_number="New", profile_code="standard", seats={"xms": 64}))
        else:
            claim(any_database, f"d{number}")

    with ThreadPoolExecutor(65) as threads:
        list(threads.map(one, range(65)))

    assert list_seats(any_database, key.id) == []
    assert len(list_seats(any_database, NEW_KEY)) == 64
    assert read_license_key(any_database, key.id).components == (KeyComponent("xms", 64),)
    assert read_license_key(any_database, NEW_KEY).components == (KeyComponent("xms", 64, 64),)
