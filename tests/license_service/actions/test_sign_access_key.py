"""An access key is signed again from the record, as often as it is asked for (S2-4, S2-5, S2-22)."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from license_service.actions.create_signing_key import create_signing_key
from license_service.actions.rotate_signing_key import rotate_signing_key
from license_service.actions.sign_access_key import sign_access_key
from license_service.domain.errors import KeyNotActiveError, KeyNotFoundError, SigningKeyUnavailableError
from license_service.signing.jwk_set import signers_of
from license_service.signing.key_folder import KeyFolder
from license_service.storage.tables import license_keys
from tests.license_service.conftest import NOW, new_id
from wire.access_key import read_access_key

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from database.engine import Database
    from license_service.domain.license_key import LicenseKey

ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11"


@pytest.fixture
def signing_keys(tmp_path: Path) -> KeyFolder:
    folder = KeyFolder(tmp_path / "keys")
    create_signing_key(folder, now=NOW)
    return folder


def change(database: Database, key: LicenseKey, **values: object) -> None:
    with database.transaction() as connection:
        connection.execute(update(license_keys).where(license_keys.c.id == key.id).values(**values))


def test_it_says_what_the_record_says(
    any_database: Database, sell: Callable[..., LicenseKey], signing_keys: KeyFolder
) -> None:
    """S2-4, S2-5, S3-20."""
    key = sell(any_database, ORGANIZATION, seats=5, renewal_date=date(2027, 1, 31), renewal_window_days=45)

    signed = sign_access_key(any_database, signing_keys, key.id)

    claims = read_access_key(signed.access_key, signers_of(signing_keys.read()))
    assert (signed.key_id, signed.version) == (key.id, 1)
    assert (claims.key_id, claims.organization_id, claims.version) == (key.id, ORGANIZATION, 1)
    assert (claims.profile_code, claims.seats) == ("standard", (("xms", 5),))
    assert (claims.renewal_date, claims.renewal_window_days) == (date(2027, 1, 31), 45)
    assert claims.issued_on == NOW.date()


def test_text_is_the_same_until_the_record_changes(
    any_database: Database, sell: Callable[..., LicenseKey], signing_keys: KeyFolder
) -> None:
    """A synchronization delivers it again and again; nobody stores it (T57)."""
    key = sell(any_database, ORGANIZATION)

    first, again = (sign_access_key(any_database, signing_keys, key.id) for _ in range(2))
    change(any_database, key, version=2)
    changed = sign_access_key(any_database, signing_keys, key.id)

    assert first == again
    assert (changed.version, changed.access_key != first.access_key) == (2, True)


def test_text_of_before_a_rotation_is_still_good_after_it(
    any_database: Database, sell: Callable[..., LicenseKey], signing_keys: KeyFolder
) -> None:
    """T30."""
    key = sell(any_database, ORGANIZATION)
    before = sign_access_key(any_database, signing_keys, key.id).access_key

    create_signing_key(signing_keys, now=NOW)
    rotate_signing_key(signing_keys, now=NOW, is_urgent=True)
    after = sign_access_key(any_database, signing_keys, key.id).access_key

    signers = signers_of(signing_keys.read())
    assert before != after
    assert read_access_key(before, signers) == read_access_key(after, signers)


@pytest.mark.parametrize("status", ["suspended", "revoked", "replaced"])
def test_key_that_is_not_active_gets_no_access_key(
    any_database: Database, sell: Callable[..., LicenseKey], signing_keys: KeyFolder, status: str
) -> None:
    key = sell(any_database, ORGANIZATION)
    change(any_database, key, status=status)

    with pytest.raises(KeyNotActiveError):
        sign_access_key(any_database, signing_keys, key.id)


def test_key_of_another_organization_is_not_there(
    any_database: Database, sell: Callable[..., LicenseKey], signing_keys: KeyFolder
) -> None:
    """T44: in the same words as one that is nowhere."""
    key = sell(any_database, ORGANIZATION)

    assert sign_access_key(any_database, signing_keys, key.id, visible_to=ORGANIZATION).key_id == key.id
    for key_id in (key.id, new_id()):
        with pytest.raises(KeyNotFoundError, match=r"^There is no license key with this id\.$"):
            sign_access_key(any_database, signing_keys, key_id, visible_to=new_id())


def test_date_before_access_keys_were_can_be_signed(
    any_database: Database, sell: Callable[..., LicenseKey], signing_keys: KeyFolder
) -> None:
    """It is long gone, either way."""
    key = sell(any_database, ORGANIZATION, renewal_date=date(1, 1, 1))

    signed = sign_access_key(any_database, signing_keys, key.id)

    assert read_access_key(signed.access_key, signers_of(signing_keys.read())).renewal_date == date(1970, 1, 2)


def test_without_a_signing_key_nothing_is_signed(
    any_database: Database, sell: Callable[..., LicenseKey], tmp_path: Path
) -> None:
    key = sell(any_database, ORGANIZATION)

    with pytest.raises(SigningKeyUnavailableError):
        sign_access_key(any_database, KeyFolder(tmp_path / "nothing"), key.id)
