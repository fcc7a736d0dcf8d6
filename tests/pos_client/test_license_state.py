"""The two clocks of a license: S3-15 … S3-17, S3-20, S3-25, S3-26, S3-32, S1-2, S1-3, F43."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pos_client.license_state import NEAR_DAYS, TokenStatus, license_state
from wire.claims import LicenseTokenClaims
from wire.license_status import LicenseStatus

if TYPE_CHECKING:
    from pos_client.license_state import LicenseState

CONTACT = datetime(2026, 11, 21, 14, 5, tzinfo=UTC)
EIGHT_DAYS = timedelta(days=8)


def claims(renewal_date: date | None = None, window: int = 30, contact: datetime = CONTACT) -> LicenseTokenClaims:
    issued = int(contact.timestamp())
    return LicenseTokenClaims(
        iss="https://auth.example",
        sub="server-17",
        aud=("pos_client",),
        iat=issued,
        nbf=issued,
        exp=issued + 8 * 86_400,
        jti="1",
        organization_id="o",
        organization_name="O",
        device_name="D",
        license_id="l",
        features=("xms",),
        renewal_window_days=window,
        renewal_date=renewal_date,
    )


def after(length: timedelta) -> LicenseState:
    return license_state(claims(), CONTACT + length)


@pytest.mark.parametrize(
    ("length", "token_status", "active"),
    [
        (timedelta(0), TokenStatus.FRESH, True),
        (timedelta(days=5) - timedelta(seconds=1), TokenStatus.FRESH, True),
        (timedelta(days=5), TokenStatus.NEAR, True),
        (EIGHT_DAYS - timedelta(seconds=1), TokenStatus.NEAR, True),
        (EIGHT_DAYS - timedelta(microseconds=1), TokenStatus.NEAR, True),
        (EIGHT_DAYS, TokenStatus.OUTLIVED, False),
        (EIGHT_DAYS + timedelta(seconds=1), TokenStatus.OUTLIVED, False),
    ],
)
def test_the_system_is_active_for_exactly_eight_days(
    length: timedelta, token_status: TokenStatus, active: object
) -> None:
    """S1-2, S1-3, F43."""
    state = after(length)

    assert (state.token_status, state.active) == (token_status, active)


@pytest.mark.parametrize(
    ("left", "days_left"),
    [
        (timedelta(days=3), 3),
        (timedelta(days=3) - timedelta(seconds=1), 2),
        (timedelta(days=1), 1),
        (timedelta(hours=23), 0),
        (timedelta(0), 0),
        (timedelta(days=-40), 0),
    ],
)
def test_days_left_are_whole_days_and_never_negative(left: timedelta, days_left: int) -> None:
    """S3-26."""
    assert after(EIGHT_DAYS - left).days_left == days_left


def test_token_expiry_is_the_exp_of_the_token() -> None:
    """S3-25."""
    assert after(timedelta(0)).token_expires_at == CONTACT + EIGHT_DAYS


RENEWAL = date(2026, 12, 31)


@pytest.mark.parametrize(
    ("now", "status"),
    [
        (datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC), LicenseStatus.LICENSED),
        (datetime(2026, 12, 1, 0, 0, 0, tzinfo=UTC), LicenseStatus.REQUIRES_RENEWAL),
        (datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC), LicenseStatus.REQUIRES_RENEWAL),
        (datetime(2027, 1, 1, 0, 0, 0, tzinfo=UTC), LicenseStatus.EXPIRED),
    ],
)
def test_the_window_opens_thirty_days_before_the_renewal_date_and_that_day_still_counts(
    now: datetime, status: LicenseStatus
) -> None:
    """S3-15, S3-16, S3-17."""
    assert license_state(claims(RENEWAL), now).status is status


def test_the_renewal_date_is_a_day_in_utc_wherever_the_server_stands() -> None:
    """S3-20."""
    in_auckland = datetime(2027, 1, 1, 12, 59, tzinfo=datetime.fromisoformat("2027-01-01T00:00+13:00").tzinfo)

    assert license_state(claims(RENEWAL), in_auckland).status is LicenseStatus.REQUIRES_RENEWAL


@pytest.mark.parametrize(
    ("now", "status"),
    [
        (datetime(2028, 1, 29, 23, 59, 59, tzinfo=UTC), LicenseStatus.LICENSED),
        (datetime(2028, 1, 30, tzinfo=UTC), LicenseStatus.REQUIRES_RENEWAL),
        (datetime(2028, 2, 29, 23, 59, 59, tzinfo=UTC), LicenseStatus.REQUIRES_RENEWAL),
        (datetime(2028, 3, 1, tzinfo=UTC), LicenseStatus.EXPIRED),
    ],
)
def test_a_leap_day_is_a_renewal_date_like_any_other(now: datetime, status: LicenseStatus) -> None:
    assert license_state(claims(date(2028, 2, 29)), now).status is status


def test_a_window_of_no_days_opens_on_the_day_itself() -> None:
    day_before = datetime(2026, 12, 30, 12, tzinfo=UTC)

    assert license_state(claims(RENEWAL, window=0), day_before).status is LicenseStatus.LICENSED
    assert license_state(claims(RENEWAL, window=0), day_before + timedelta(1)).status is LicenseStatus.REQUIRES_RENEWAL


def test_a_perpetual_license_never_requires_renewal() -> None:
    """S3-20."""
    assert license_state(claims(None), datetime(2999, 1, 1, tzinfo=UTC)).status is LicenseStatus.LICENSED


def test_an_expired_license_is_not_active_however_fresh_its_token() -> None:
    """S3-17, S3-32."""
    contact = datetime(2027, 1, 1, 0, 0, 1, tzinfo=UTC)
    state = license_state(claims(RENEWAL, contact=contact), contact)

    assert state.token_status is TokenStatus.FRESH
    assert not state.active


def test_an_outlived_token_says_nothing_about_the_renewal_date() -> None:
    """S3-32: the two clocks are not mixed up."""
    assert license_state(claims(None), CONTACT + EIGHT_DAYS).status is LicenseStatus.LICENSED


def test_the_statuses_read_as_printed() -> None:
    """S3-15 … S3-17: the dash is an en dash."""
    assert [status.value for status in LicenseStatus] == [
        "Licensed",
        "Requires Renewal",
        "Expired \N{EN DASH} Requires Renewal",
    ]


@given(
    now=st.datetimes(timezones=st.just(UTC)),
    renewal_date=st.none() | st.dates(),
    window=st.integers(-(10**12), 10**12),
)
def test_any_dates_are_judged_without_an_error(now: datetime, renewal_date: date | None, window: int) -> None:
    state = license_state(claims(renewal_date, window), now)

    left = CONTACT + EIGHT_DAYS - now
    assert (state.token_status is TokenStatus.OUTLIVED) == (left <= timedelta(0))
    assert (state.token_status is TokenStatus.NEAR) == (timedelta(0) < left <= timedelta(NEAR_DAYS))
    assert (state.status is LicenseStatus.EXPIRED) == (renewal_date is not None and now.date() > renewal_date)
