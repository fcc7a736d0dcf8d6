from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from license_service.domain.errors import KeyEndedError, RenewalDateError
from license_service.domain.license_key import KeyStatus, LicenseKey, OverCountPolicy
from license_service.domain.renewal import check_renewable, crossed_windows, has_ended, status_of, years_after
from wire.license_status import LicenseStatus

DATE = date(2026, 12, 31)


def key(renewal_date: date | None, window: int = 30) -> LicenseKey:
    return LicenseKey(
        id="k",
        agreement_id="a",
        organization_id="o",
        id_number="Shop 1",
        profile_code="standard",
        components=(),
        status=KeyStatus.ACTIVE,
        renewal_date=renewal_date,
        renewal_window_days=window,
        over_count=OverCountPolicy(),
        version=1,
        issued_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


def at(day: date, hour: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "label"),
    [
        (datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC), "Licensed"),
        (datetime(2026, 12, 1, tzinfo=UTC), "Requires Renewal"),
        (datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC), "Requires Renewal"),
        (datetime(2027, 1, 1, tzinfo=UTC), "Expired – Requires Renewal"),
    ],
)
def test_the_label_follows_the_window_and_the_date(now: datetime, label: str) -> None:
    """S3-15 … S3-17."""
    assert status_of(key(DATE), now).value == label


def test_the_window_is_the_key_s_own() -> None:
    """S3-16."""
    assert status_of(key(DATE, window=0), at(date(2026, 12, 30))) is LicenseStatus.LICENSED
    assert status_of(key(DATE, window=60), at(date(2026, 11, 1))) is LicenseStatus.REQUIRES_RENEWAL


def test_the_day_is_a_day_in_utc_wherever_it_is_asked() -> None:
    """S3-20: already tomorrow in Kiritimati, and still today."""
    ahead, behind = timezone(timedelta(hours=14)), timezone(timedelta(hours=-11))
    last = datetime(2026, 12, 31, 23, 59, tzinfo=UTC)

    assert not has_ended(key(DATE), last.astimezone(ahead))
    assert has_ended(key(DATE), (last + timedelta(minutes=1)).astimezone(behind))


def test_a_perpetual_key_is_licensed_for_ever() -> None:
    """S3-20."""
    assert status_of(key(None), datetime(2999, 1, 1, tzinfo=UTC)) is LicenseStatus.LICENSED
    assert crossed_windows(None, at(date(2000, 1, 1)), at(date(2999, 1, 1))) == ()


def test_a_key_is_renewed_until_the_end_of_its_day() -> None:
    """S3-16: in place, to a later day or for ever."""
    check_renewable(key(DATE), date(2027, 12, 31), at(DATE, 23))
    check_renewable(key(DATE), None, at(DATE, 23))


def test_a_key_that_has_ended_is_not_renewed() -> None:
    """S3-17."""
    with pytest.raises(KeyEndedError):
        check_renewable(key(DATE), date(2027, 12, 31), at(date(2027, 1, 1)))


@pytest.mark.parametrize("present", [DATE, None])
def test_a_renewal_that_is_no_later_is_refused(present: date | None) -> None:
    with pytest.raises(RenewalDateError):
        check_renewable(key(present), DATE, at(date(2026, 1, 1)))


@pytest.mark.parametrize(
    ("since", "until", "crossed"),
    [
        (date(2026, 11, 30), date(2026, 11, 30), ()),
        (date(2026, 11, 30), date(2026, 12, 1), (30,)),
        (date(2026, 12, 1), date(2026, 12, 16), ()),
        (date(2026, 12, 16), date(2026, 12, 17), (14,)),
        (date(2026, 12, 1), date(2026, 12, 30), (14, 7, 1)),
        (date(2026, 1, 1), date(2027, 6, 1), (30, 14, 7, 1)),
        (date(2026, 12, 30), date(2027, 6, 1), ()),
    ],
)
def test_crossed_windows(since: date, until: date, crossed: tuple[int, ...]) -> None:
    """A night that was missed catches up."""
    assert crossed_windows(DATE, at(since), at(until)) == crossed


def test_a_window_before_a_leap_day_counts_that_day() -> None:
    assert crossed_windows(date(2028, 3, 1), at(date(2028, 2, 28)), at(date(2028, 2, 29))) == (1,)


@given(
    renewal_date=st.dates(date(2026, 1, 1), date(2030, 1, 1)),
    hours=st.lists(st.integers(0, 24 * 1500), min_size=2, max_size=12),
)
def test_asking_on_from_the_last_time_names_each_window_once(renewal_date: date, hours: list[int]) -> None:
    """However the nights fall, the steps together name what one step over all of them names."""
    instants = sorted(datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=each) for each in hours)

    named = [
        days for since, until in itertools.pairwise(instants) for days in crossed_windows(renewal_date, since, until)
    ]

    assert tuple(named) == crossed_windows(renewal_date, instants[0], instants[-1])


@pytest.mark.parametrize(
    ("day", "years", "later"),
    [
        (date(2026, 6, 1), 1, date(2027, 6, 1)),
        (date(2028, 2, 29), 1, date(2029, 2, 28)),
        (date(2028, 2, 29), 4, date(2032, 2, 29)),
        (date(2028, 2, 28), 1, date(2029, 2, 28)),
        (date(2096, 2, 29), 4, date(2100, 2, 28)),
    ],
)
def test_a_year_later_is_a_day_that_there_is(day: date, years: int, later: date) -> None:
    assert years_after(day, years) == later
