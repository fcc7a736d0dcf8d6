from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from license_service.domain.errors import LicenseExpiredError, NoLicenseError
from license_service.domain.license import License, open_to_claims

TODAY = date(2026, 6, 1)


def record(renewal_date: date | None, license_id: str = "1") -> License:
    return License(
        id=license_id,
        organization_id="o",
        features=("xms",),
        seats=1,
        seats_claimed=0,
        renewal_date=renewal_date,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("renewal_date", "expired"),
    [(None, False), (date(2026, 6, 2), False), (TODAY, False), (date(2026, 5, 31), True)],
)
def test_a_license_expires_on_the_day_after_its_renewal_date(renewal_date: date | None, *, expired: bool) -> None:
    """S3-17, S3-20: a license without a renewal date never expires."""
    assert record(renewal_date).has_expired(TODAY) is expired


def test_an_organization_without_a_license_has_none_to_claim_on() -> None:
    with pytest.raises(NoLicenseError):
        open_to_claims([], TODAY)


def test_only_licenses_that_have_not_expired_take_claims_in_their_order() -> None:
    """S3-17."""
    expired, first, second = record(date(2026, 5, 31)), record(None, "2"), record(TODAY, "3")

    assert open_to_claims([expired, first, second], TODAY) == [first, second]


def test_licenses_that_have_all_expired_take_no_claim() -> None:
    """S3-17."""
    with pytest.raises(LicenseExpiredError):
        open_to_claims([record(date(2026, 5, 31)), record(date(2025, 1, 1), "2")], TODAY)
