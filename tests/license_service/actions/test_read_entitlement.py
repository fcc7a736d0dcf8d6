from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest

from license_service.actions.claim_seat import claim_seat
from license_service.actions.read_entitlement import read_entitlement
from license_service.domain.errors import NoSeatError

if TYPE_CHECKING:
    from collections.abc import Callable

    from database.engine import Database
    from license_service.domain.license_key import LicenseKey

NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
DEVICE = "5d1c9f3e-8a52-4e0c-9a76-3c1f0c2b7d10"
ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11"
OTHER_ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a12"


def test_the_entitlement_is_that_of_the_seat(any_database: Database, sell: Callable[..., LicenseKey]) -> None:
    """S3-20, S3-21, T27: features and renewal date come from the record."""
    sell(any_database, ORGANIZATION, renewal_date=date(2026, 6, 1))
    claimed = claim_seat(any_database, device_id=DEVICE, organization_id=ORGANIZATION, now=NOW)

    assert read_entitlement(any_database, device_id=DEVICE, organization_id=ORGANIZATION, now=NOW) == claimed


def test_a_device_without_a_seat_has_no_entitlement(any_database: Database, sell: Callable[..., LicenseKey]) -> None:
    sell(any_database, ORGANIZATION)

    with pytest.raises(NoSeatError):
        read_entitlement(any_database, device_id=DEVICE, organization_id=ORGANIZATION, now=NOW)


def test_a_seat_in_another_organization_is_not_told(any_database: Database, sell: Callable[..., LicenseKey]) -> None:
    """T44: the same words as for no seat at all."""
    sell(any_database, OTHER_ORGANIZATION)
    claim_seat(any_database, device_id=DEVICE, organization_id=OTHER_ORGANIZATION, now=NOW)

    with pytest.raises(NoSeatError) as refused:
        read_entitlement(any_database, device_id=DEVICE, organization_id=ORGANIZATION, now=NOW)
    assert str(refused.value) == NoSeatError.sentence
