"""Events that a day brings are raised once, however often and late one looks (S3-16, S3-17)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from license_service.actions.raise_dated_events import raise_dated_events
from license_service.domain.event import EventKind
from license_service.domain.license_key import KeyStatus
from license_service.storage.tables import license_keys
from tests.doubles.event_listener import listen, told

if TYPE_CHECKING:
    from collections.abc import Callable

    from database.engine import Database
    from license_service.domain.license_key import LicenseKey

ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11"
RENEWAL_DATE = date(2026, 8, 1)
OPENS = datetime(2026, 7, 2, tzinfo=UTC)
EXPIRES = datetime(2026, 8, 2, tzinfo=UTC)
A_MOMENT = timedelta(seconds=1)


@pytest.fixture
def listened(any_database: Database) -> Database:
    listen(any_database, EventKind.LICENSE_REQUIRES_RENEWAL, EventKind.LICENSE_EXPIRED)
    return any_database


def test_an_opening_window_and_a_passed_date_are_each_told_once(
    listened: Database, sell: Callable[..., LicenseKey]
) -> None:
    key = sell(listened, ORGANIZATION, renewal_date=RENEWAL_DATE)
    sell(listened, ORGANIZATION)

    rounds = [OPENS - A_MOMENT, OPENS, OPENS, EXPIRES - A_MOMENT, EXPIRES, EXPIRES + timedelta(days=400)]
    raised = [raise_dated_events(listened, now=now) for now in rounds]

    assert raised == [0, 1, 0, 0, 1, 0]
    data = {
        "organization_id": ORGANIZATION,
        "license_key_id": key.id,
        "id_number": key.id_number,
        "renewal_date": "2026-08-01",
    }
    assert told(listened) == [("license.requires_renewal", data), ("license.expired", data)]


def test_nights_that_were_missed_catch_up(listened: Database, sell: Callable[..., LicenseKey]) -> None:
    sell(listened, ORGANIZATION, renewal_date=RENEWAL_DATE)

    assert raise_dated_events(listened, now=EXPIRES - timedelta(days=7)) == 1
    assert raise_dated_events(listened, now=EXPIRES + timedelta(days=7)) == 1


def test_of_a_key_that_has_expired_no_opening_window_is_told(
    listened: Database, sell: Callable[..., LicenseKey]
) -> None:
    sell(listened, ORGANIZATION, renewal_date=RENEWAL_DATE)

    assert raise_dated_events(listened, now=EXPIRES) == 1
    assert [kind for kind, _ in told(listened)] == ["license.expired"]


def test_a_key_that_was_renewed_is_told_of_again_at_its_new_date(
    listened: Database, sell: Callable[..., LicenseKey]
) -> None:
    sell(listened, ORGANIZATION, renewal_date=RENEWAL_DATE)
    raise_dated_events(listened, now=OPENS)
    with listened.transaction() as connection:
        connection.execute(update(license_keys).values(renewal_date=RENEWAL_DATE.replace(year=2027)))

    assert raise_dated_events(listened, now=EXPIRES) == 0
    assert raise_dated_events(listened, now=OPENS.replace(year=2027)) == 1


def test_a_key_with_a_window_of_its_own_is_told_of_by_that(listened: Database, sell: Callable[..., LicenseKey]) -> None:
    sell(listened, ORGANIZATION, renewal_date=RENEWAL_DATE, renewal_window_days=10)
    sell(listened, ORGANIZATION, renewal_date=RENEWAL_DATE, renewal_window_days=45)

    assert raise_dated_events(listened, now=OPENS) == 1
    assert raise_dated_events(listened, now=EXPIRES - timedelta(days=12)) == 0
    assert raise_dated_events(listened, now=EXPIRES - timedelta(days=11)) == 1


@pytest.mark.parametrize("status", [status for status in KeyStatus if status is not KeyStatus.ACTIVE])
def test_a_key_that_does_not_count_is_not_told_of(
    listened: Database, sell: Callable[..., LicenseKey], status: KeyStatus
) -> None:
    sell(listened, ORGANIZATION, renewal_date=RENEWAL_DATE)
    with listened.transaction() as connection:
        connection.execute(update(license_keys).values(status=status))

    assert raise_dated_events(listened, now=EXPIRES) == 0


def test_two_that_look_at_the_same_time_tell_once(listened: Database, sell: Callable[..., LicenseKey]) -> None:
    """F33."""
    for _ in range(10):
        sell(listened, ORGANIZATION, renewal_date=RENEWAL_DATE)

    with ThreadPoolExecutor(4) as threads:
        raised = list(threads.map(lambda _: raise_dated_events(listened, now=OPENS), range(4)))

    assert sum(raised) == len(told(listened)) == 10
