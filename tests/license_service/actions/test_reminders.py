"""What reminders are made of: due renewals, missing contacts, over-counts, and how many there are of each."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from license_service.actions.check_in import CheckInParts, check_in
from license_service.actions.claim_seat import claim_seat
from license_service.actions.count_licenses import count_licenses
from license_service.actions.create_signing_key import create_signing_key
from license_service.actions.list_due_renewals import list_due_renewals
from license_service.actions.list_missing_contacts import list_missing_contacts
from license_service.actions.list_over_counts import list_over_counts
from license_service.actions.renew_key import renew_key
from license_service.actions.revoke_key import revoke_key
from license_service.domain.check_in import CheckIn
from license_service.domain.license_key import OverCountPolicy
from license_service.domain.page import PageWanted
from license_service.signing.key_folder import KeyFolder
from tests.license_service.conftest import NOW, new_id
from wire.calendar_records import LicenseCounts, OverCount
from wire.check_in import CheckInReport

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from database.engine import Database
    from license_service.domain.license_key import LicenseKey

ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11"
OTHER_ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a12"
TODAY = NOW.date()
DAY = timedelta(days=1)
ALLOW = OverCountPolicy(percent=50, days=14)


@pytest.fixture
def parts(any_database: Database, tmp_path: Path) -> CheckInParts:
    folder = KeyFolder(tmp_path / "keys")
    create_signing_key(folder, now=NOW)
    return CheckInParts(any_database, folder, "https://licenses.example")


@pytest.fixture
def sold(any_database: Database, sell: Callable[..., LicenseKey]) -> Callable[..., LicenseKey]:
    """Give a function that sells a key whose date lies so many days ahead."""

    def issue(days: int | None, organization_id: str = ORGANIZATION) -> LicenseKey:
        date = None if days is None else TODAY + days * DAY
        return sell(any_database, organization_id, renewal_date=date)

    return issue


def seat(database: Database, sell: Callable[..., LicenseKey], at: datetime, **terms: object) -> str:
    sell(database, ORGANIZATION, **terms)
    device_id = new_id()
    claim_seat(database, device_id=device_id, organization_id=ORGANIZATION, now=at)
    return device_id


def use(parts: CheckInParts, device_id: str, seats: int, *, at: datetime) -> None:
    check_in(parts, CheckIn(device_id, ORGANIZATION, at, CheckInReport("1.0.0", at, {"xms": seats})), chance=0.5)


def test_due_are_the_active_keys_between_two_days_the_soonest_first(
    any_database: Database, sold: Callable[..., LicenseKey]
) -> None:
    """S3-16, S3-17: both days are included."""
    last, first, passed = sold(30), sold(0), sold(-10)
    for outside in (31, -11, None):
        sold(outside)
    revoke_key(any_database, sold(5).id, now=NOW)

    due = list_due_renewals(any_database, now=NOW, within_days=30, expired_within_days=10)

    assert [each.key_id for each in due] == [passed.id, first.id, last.id]
    assert (due[1].organization_id, due[1].id_number) == (ORGANIZATION, first.id_number)
    assert (due[1].renewal_date, due[1].issued_at) == (TODAY, first.issued_at)
    assert [each.key_id for each in list_due_renewals(any_database, now=NOW, within_days=29)] == [first.id]


def test_a_key_that_is_renewed_is_due_no_more(any_database: Database, sold: Callable[..., LicenseKey]) -> None:
    key = sold(7)

    renew_key(any_database, key.id, TODAY + 365 * DAY, now=NOW)

    assert list_due_renewals(any_database, now=NOW, within_days=30) == []


def test_due_renewals_of_one_day_are_paged_without_a_gap(
    any_database: Database, sold: Callable[..., LicenseKey]
) -> None:
    keys = {sold(3).id for _ in range(3)} | {sold(2).id}
    shown, wanted = [], PageWanted(1)
    while True:
        page = list_due_renewals(any_database, wanted, now=NOW, within_days=30)
        shown += [each.key_id for each in page]
        if page.end is None:
            break
        wanted = PageWanted(1, page.end)

    assert len(shown) == len(keys)
    assert set(shown) == keys


def test_a_position_before_the_first_day_leads_to_nothing_older(
    any_database: Database, sold: Callable[..., LicenseKey]
) -> None:
    sold(-5)
    soon = sold(5)

    page = list_due_renewals(any_database, PageWanted(50, (TODAY - 9 * DAY, new_id())), now=NOW, within_days=30)

    assert [each.key_id for each in page] == [soon.id]


def test_missing_are_those_whose_last_contact_lies_between_two_instants(
    any_database: Database, sell: Callable[..., LicenseKey]
) -> None:
    """S1-6: to the second, both ends included."""
    exactly, older = seat(any_database, sell, NOW - 3 * DAY), seat(any_database, sell, NOW - 9 * DAY)
    seat(any_database, sell, NOW - 3 * DAY + timedelta(seconds=1))
    seat(any_database, sell, NOW - 10 * DAY - timedelta(seconds=1))

    missing = list_missing_contacts(any_database, now=NOW, at_least_days=3, at_most_days=10)

    assert [each.device_id for each in missing] == [older, exactly]
    assert (missing[1].organization_id, missing[1].last_contact_at) == (ORGANIZATION, NOW - 3 * DAY)


def test_an_over_count_is_listed_while_it_lasts(
    any_database: Database, parts: CheckInParts, sell: Callable[..., LicenseKey]
) -> None:
    """S1-10, S1-11."""
    device_id = seat(any_database, sell, NOW, seats=10, over_count=ALLOW)
    use(parts, device_id, 12, at=NOW)
    use(parts, device_id, 13, at=NOW + DAY)

    (over,) = list_over_counts(any_database, now=NOW + DAY)

    assert over == OverCount(ORGANIZATION, "xms", NOW, 10, 13, NOW + 14 * DAY)
    use(parts, device_id, 10, at=NOW + 2 * DAY)
    assert list_over_counts(any_database, now=NOW + 2 * DAY) == []


def test_what_fits_again_is_left_out_before_the_next_check_in(
    any_database: Database, parts: CheckInParts, sell: Callable[..., LicenseKey]
) -> None:
    device_id = seat(any_database, sell, NOW, seats=1)
    use(parts, device_id, 2, at=NOW)
    assert [each.until for each in list_over_counts(any_database, now=NOW)] == [None]

    sell(any_database, ORGANIZATION, seats=1)

    assert list_over_counts(any_database, now=NOW) == []


def test_the_numbers_are_those_of_all_organizations(
    any_database: Database, parts: CheckInParts, sell: Callable[..., LicenseKey], sold: Callable[..., LicenseKey]
) -> None:
    for days in (0, 30, 31, -1, -400):
        sold(days, OTHER_ORGANIZATION)
    seat(any_database, sell, NOW - 8 * DAY)
    seat(any_database, sell, NOW - 8 * DAY + timedelta(seconds=1))
    use(parts, seat(any_database, sell, NOW), 100, at=NOW)

    assert count_licenses(any_database, now=NOW) == LicenseCounts(renewals_due=2, expired=2, dark=1, over_count=1)
