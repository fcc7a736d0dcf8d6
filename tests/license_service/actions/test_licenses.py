"""create_license, read_license and list_licenses: three calls too small for a file each."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest

from license_service.actions.create_license import create_license
from license_service.actions.list_licenses import list_licenses
from license_service.actions.read_license import read_license
from license_service.domain.errors import LicenseNotFoundError
from license_service.domain.license import LicenseTerms

if TYPE_CHECKING:
    from collections.abc import Callable

    from database.engine import Database
    from license_service.domain.license import License

NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
LICENSE_ID = "9f2f3c64-0d8b-4b0e-a5f3-7a1d9a3f5c21"
ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11"
OTHER_ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a12"


def test_a_license_is_read_as_it_was_created(any_database: Database) -> None:
    """S3-20, S3-21."""
    terms = LicenseTerms(
        organization_id=ORGANIZATION,
        features=("xms", "kds"),
        seats=5,
        renewal_date=date(2027, 1, 31),
        renewal_window_days=14,
    )

    created = create_license(any_database, terms, license_id=LICENSE_ID, now=NOW)

    assert read_license(any_database, LICENSE_ID) == created
    assert (created.id, created.seats_claimed, created.created_at) == (LICENSE_ID, 0, NOW)
    assert (created.features, created.seats) == (("xms", "kds"), 5)
    assert (created.renewal_date, created.renewal_window_days) == (date(2027, 1, 31), 14)


def test_a_perpetual_license_has_no_renewal_date_and_the_usual_window(
    any_database: Database, sell: Callable[..., License]
) -> None:
    """S3-20."""
    sold = sell(any_database, ORGANIZATION)

    found = read_license(any_database, sold.id)

    assert (found.renewal_date, found.renewal_window_days) == (None, 30)


def test_an_unknown_license_is_not_found(any_database: Database) -> None:
    with pytest.raises(LicenseNotFoundError):
        read_license(any_database, LICENSE_ID)


def test_licenses_are_listed_oldest_first_and_by_organization(
    any_database: Database, sell: Callable[..., License]
) -> None:
    """T44."""
    first, other, last = (
        sell(any_database, organization) for organization in (ORGANIZATION, OTHER_ORGANIZATION, ORGANIZATION)
    )

    assert list_licenses(any_database) == [first, other, last]
    assert list_licenses(any_database, organization_id=ORGANIZATION) == [first, last]
