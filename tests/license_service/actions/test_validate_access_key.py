""" "Connect to a Group", the side of the license server (S1-36 … S1-43)."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import delete, update

from license_service.actions.create_signing_key import create_signing_key
from license_service.actions.sign_access_key import sign_access_key
from license_service.actions.validate_access_key import validate_access_key
from license_service.domain.access_key import OrganizationFacts, ValidatedAccessKey
from license_service.domain.errors import AccessKeyUnknownError, GroupNotActivatedError
from license_service.signing.key_folder import KeyFolder
from license_service.storage.tables import key_components, license_keys
from tests.license_service.conftest import NOW, new_id
from wire.errors import (
    AccessKeyMistypedError,
    AccessKeyOfAnotherOrganizationError,
    AccessKeySignerUnknownError,
    AccessKeyUnreadableError,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from database.engine import Database
    from license_service.domain.license_key import LicenseKey

ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11"
ACTIVATED = OrganizationFacts(ORGANIZATION, is_activated=True)
PENDING = OrganizationFacts(ORGANIZATION, is_activated=False)


@pytest.fixture
def signing_keys(tmp_path: Path) -> KeyFolder:
    folder = KeyFolder(tmp_path / "keys")
    create_signing_key(folder, now=NOW)
    return folder


@pytest.fixture
def key(any_database: Database, sell: Callable[..., LicenseKey]) -> LicenseKey:
    return sell(any_database, ORGANIZATION, renewal_date=NOW.date())


@pytest.fixture
def text(any_database: Database, key: LicenseKey, signing_keys: KeyFolder) -> str:
    return sign_access_key(any_database, signing_keys, key.id).access_key


def test_pasted_access_key_names_its_license_key(
    any_database: Database, key: LicenseKey, text: str, signing_keys: KeyFolder
) -> None:
    """S1-38, S1-41."""
    pasted = f"\n  {text.lower().replace('-', ' ')}\r\n"

    found = validate_access_key(any_database, signing_keys, ACTIVATED, pasted, now=NOW)

    assert found == ValidatedAccessKey(key.id, ORGANIZATION, is_active=True)


@pytest.mark.parametrize(
    "changes",
    [{"status": "suspended"}, {"status": "revoked"}, {"status": "replaced"}, {"renewal_date": date(2026, 5, 31)}],
)
def test_record_says_whether_it_is_active(
    any_database: Database, key: LicenseKey, text: str, signing_keys: KeyFolder, changes: dict[str, object]
) -> None:
    with any_database.transaction() as connection:
        connection.execute(update(license_keys).where(license_keys.c.id == key.id).values(**changes))

    found = validate_access_key(any_database, signing_keys, ACTIVATED, text, now=NOW)

    assert not found.is_active


def test_text_from_before_a_renewal_is_good(
    any_database: Database, key: LicenseKey, text: str, signing_keys: KeyFolder
) -> None:
    """The record counts, not the date in the text."""
    later = NOW.replace(year=2027)
    assert not validate_access_key(any_database, signing_keys, ACTIVATED, text, now=later).is_active

    with any_database.transaction() as connection:
        renewed = {"renewal_date": date(2028, 1, 1), "version": 2}
        connection.execute(update(license_keys).where(license_keys.c.id == key.id).values(**renewed))

    assert validate_access_key(any_database, signing_keys, ACTIVATED, text, now=later).is_active


def test_group_that_is_not_activated_is_told_apart_whatever_the_text_is(
    any_database: Database, text: str, signing_keys: KeyFolder
) -> None:
    """S1-43: who waits for the second email has no key yet, and is not to look for a typing mistake."""
    for pasted in (text, "", "nonsense"):
        with pytest.raises(GroupNotActivatedError):
            validate_access_key(any_database, signing_keys, PENDING, pasted, now=NOW)


def test_access_key_of_another_organization_is_refused(
    any_database: Database, text: str, signing_keys: KeyFolder
) -> None:
    """S1-41, T44."""
    other = OrganizationFacts(new_id(), is_activated=True)

    with pytest.raises(AccessKeyOfAnotherOrganizationError):
        validate_access_key(any_database, signing_keys, other, text, now=NOW)


def test_what_is_wrong_with_a_text_is_told_apart(any_database: Database, text: str, signing_keys: KeyFolder) -> None:
    """S1-41, for the audit; outside it is one answer."""
    mistyped = ("1" if text[0] == "0" else "0") + text[1:]

    with pytest.raises(AccessKeyUnreadableError):
        validate_access_key(any_database, signing_keys, ACTIVATED, "", now=NOW)
    with pytest.raises(AccessKeyMistypedError):
        validate_access_key(any_database, signing_keys, ACTIVATED, mistyped, now=NOW)


def test_access_key_of_another_vendor_is_refused(
    any_database: Database, key: LicenseKey, signing_keys: KeyFolder, tmp_path: Path
) -> None:
    """T34."""
    others = KeyFolder(tmp_path / "others")
    create_signing_key(others, now=NOW)
    text = sign_access_key(any_database, others, key.id).access_key

    with pytest.raises(AccessKeySignerUnknownError):
        validate_access_key(any_database, signing_keys, ACTIVATED, text, now=NOW)


def test_access_key_without_a_record_is_refused(
    any_database: Database, key: LicenseKey, text: str, signing_keys: KeyFolder
) -> None:
    with any_database.transaction() as connection:
        connection.execute(delete(key_components).where(key_components.c.key_id == key.id))
        connection.execute(delete(license_keys).where(license_keys.c.id == key.id))

    with pytest.raises(AccessKeyUnknownError):
        validate_access_key(any_database, signing_keys, ACTIVATED, text, now=NOW)
