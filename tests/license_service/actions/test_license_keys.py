"""issue_key, read_license_key, list_license_keys, and what they stand on: agreements and the catalog."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest

from license_service.actions.add_component import add_component
from license_service.actions.add_profile import add_profile
from license_service.actions.issue_key import issue_key
from license_service.actions.list_agreements import list_agreements
from license_service.actions.list_components import list_components
from license_service.actions.list_license_keys import list_license_keys
from license_service.actions.list_profiles import list_profiles
from license_service.actions.read_agreement import read_agreement
from license_service.actions.read_license_key import read_license_key
from license_service.actions.record_agreement import record_agreement
from license_service.domain.agreement import Agreement
from license_service.domain.catalog import Component, Profile
from license_service.domain.errors import (
    AgreementNotFoundError,
    AgreementNumberTakenError,
    CodeTakenError,
    IdNumberTakenError,
    KeyNotFoundError,
    UnknownComponentError,
    UnknownProfileError,
)
from license_service.domain.license_key import KeyComponent, KeyStatus, KeyTerms, OverCountPolicy

if TYPE_CHECKING:
    from collections.abc import Callable

    from database.engine import Database
    from license_service.domain.license_key import LicenseKey

NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
KEY_ID = "9f2f3c64-0d8b-4b0e-a5f3-7a1d9a3f5c21"
ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11"
OTHER_ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a12"
AGREEMENT = Agreement("3f8e2d17-6c5b-4b1a-9b0e-5a6b7c8d9e10", ORGANIZATION, "2026-0417", date(2026, 5, 28), NOW)
XMS = Component("xms", "XMS")
STANDARD = Profile("standard", "Standard", {"xms": ("xms",)})
TERMS = KeyTerms(id_number="Shop 1", profile_code="standard", seats={"xms": 5})


@pytest.fixture
def signed(any_database: Database) -> Agreement:
    record_agreement(any_database, AGREEMENT)
    return AGREEMENT


def test_a_key_is_read_as_it_was_issued(any_database: Database, signed: Agreement) -> None:
    """S2-5, S2-15, S3-20."""
    add_component(any_database, Component("kds", "Kitchen display"))
    terms = KeyTerms(
        id_number="Shop 1",
        profile_code="standard",
        seats={"xms": 5, "kds": 2},
        renewal_date=date(2027, 1, 31),
        renewal_window_days=14,
        over_count=OverCountPolicy(20, 14),
    )

    issued = issue_key(any_database, terms, agreement_id=signed.id, key_id=KEY_ID, now=NOW)

    assert read_license_key(any_database, KEY_ID) == issued
    assert (issued.agreement_id, issued.organization_id, issued.id_number) == (signed.id, ORGANIZATION, "Shop 1")
    assert issued.components == (KeyComponent("kds", 2), KeyComponent("xms", 5))
    assert (issued.renewal_date, issued.renewal_window_days) == (date(2027, 1, 31), 14)
    assert (issued.status, issued.version, issued.issued_at) == (KeyStatus.ACTIVE, 1, NOW)
    assert issued.over_count == OverCountPolicy(20, 14)


def test_a_key_lasts_for_ever_and_refuses_more_unless_it_is_said(any_database: Database, signed: Agreement) -> None:
    """S3-20."""
    issue_key(any_database, TERMS, agreement_id=signed.id, key_id=KEY_ID, now=NOW)

    found = read_license_key(any_database, KEY_ID)
    assert (found.renewal_date, found.renewal_window_days, found.over_count.percent) == (None, 30, 0)


@pytest.mark.parametrize(
    ("terms", "error"),
    [
        (KeyTerms(id_number="1", profile_code="golden", seats={"xms": 1}), UnknownProfileError),
        (KeyTerms(id_number="1", profile_code="standard", seats={"xms": 1, "kds": 1}), UnknownComponentError),
    ],
)
def test_a_key_is_of_what_the_catalog_has(
    any_database: Database, signed: Agreement, terms: KeyTerms, error: type[Exception]
) -> None:
    with pytest.raises(error):
        issue_key(any_database, terms, agreement_id=signed.id, key_id=KEY_ID, now=NOW)
    assert list_license_keys(any_database) == []


def test_without_an_agreement_there_is_no_key(any_database: Database) -> None:
    """S2-5."""
    with pytest.raises(AgreementNotFoundError):
        issue_key(any_database, TERMS, agreement_id=AGREEMENT.id, key_id=KEY_ID, now=NOW)


def test_an_id_number_is_one_key_s_in_the_organization(any_database: Database, sell: Callable[..., LicenseKey]) -> None:
    """S2-22: another organization may have the same."""
    first = sell(any_database, ORGANIZATION, id_number="Shop 1")
    elsewhere = sell(any_database, OTHER_ORGANIZATION, id_number="Shop 1")

    with pytest.raises(IdNumberTakenError):
        sell(any_database, ORGANIZATION, id_number="Shop 1")
    assert list_license_keys(any_database) == [first, elsewhere]


def test_an_unknown_key_is_not_found(any_database: Database) -> None:
    with pytest.raises(KeyNotFoundError):
        read_license_key(any_database, KEY_ID)


def test_keys_are_listed_oldest_first_and_by_organization(
    any_database: Database, sell: Callable[..., LicenseKey]
) -> None:
    """T44."""
    first, other, last = (
        sell(any_database, organization) for organization in (ORGANIZATION, OTHER_ORGANIZATION, ORGANIZATION)
    )

    assert list_license_keys(any_database) == [first, other, last]
    assert list_license_keys(any_database, organization_id=ORGANIZATION) == [first, last]


def test_an_agreement_is_read_and_listed(any_database: Database, signed: Agreement) -> None:
    """T44."""
    assert read_agreement(any_database, signed.id) == signed
    assert list_agreements(any_database) == [signed]
    assert list_agreements(any_database, organization_id=OTHER_ORGANIZATION) == []
    with pytest.raises(AgreementNotFoundError):
        read_agreement(any_database, KEY_ID)


def test_a_number_is_one_agreement_s_in_the_organization(any_database: Database, signed: Agreement) -> None:
    same_number = Agreement(KEY_ID, ORGANIZATION, signed.number, date(2026, 5, 29), NOW)

    with pytest.raises(AgreementNumberTakenError):
        record_agreement(any_database, same_number)
    record_agreement(any_database, Agreement(KEY_ID, OTHER_ORGANIZATION, signed.number, date(2026, 5, 29), NOW))


def test_the_catalog_gains_components_and_profiles(any_database: Database) -> None:
    """S2-23."""
    kds, premium = Component("kds", "Kitchen display"), Profile("premium", "Premium", {"xms": ("xms", "loyalty")})

    add_component(any_database, kds)
    add_profile(any_database, premium)

    assert list_components(any_database) == [kds, XMS]
    assert list_profiles(any_database) == [premium, STANDARD]


def test_a_code_of_the_catalog_is_given_once(any_database: Database) -> None:
    with pytest.raises(CodeTakenError):
        add_component(any_database, Component("xms", "Another"))
    with pytest.raises(CodeTakenError):
        add_profile(any_database, Profile("standard", "Another", {}))
    assert (list_components(any_database), list_profiles(any_database)) == ([XMS], [STANDARD])


def test_a_profile_gives_features_for_components_that_there_are(any_database: Database) -> None:
    with pytest.raises(UnknownComponentError):
        add_profile(any_database, Profile("premium", "Premium", {"xms": ("xms",), "kds": ()}))
    assert list_profiles(any_database) == [STANDARD]
