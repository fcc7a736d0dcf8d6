from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from license_service.domain.check_in import FULL_LOAD, CheckIn, next_check_in_after
from wire.check_in import CheckInReport

NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
HOUR = 3600

chances = st.floats(min_value=0, max_value=1)
loads = st.integers(min_value=0, max_value=10 * FULL_LOAD)


@pytest.mark.parametrize(
    ("chance", "recent", "hours"),
    [(0, 0, 23), (0.5, 0, 24), (1, 0, 25), (0, FULL_LOAD, 18), (1, FULL_LOAD, 30), (1, FULL_LOAD // 2, 27.5)],
)
def test_the_next_check_in_is_in_a_day_and_spread_by_the_load(chance: float, recent: int, hours: float) -> None:
    """S1-9."""
    assert next_check_in_after(chance, recent) == hours * HOUR


@given(chances, loads)
def test_seven_check_ins_may_fail_before_the_eighth_day(chance: float, recent: int) -> None:
    """S1-9: at least once in eight days, however the dice fall; never within the hour."""
    seconds = next_check_in_after(chance, recent)

    assert 18 * HOUR <= seconds <= 30 * HOUR
    assert 6 * seconds < 8 * 24 * HOUR


@given(chances, loads, loads)
def test_more_load_never_brings_them_closer_together(chance: float, one: int, other: int) -> None:
    less, more = sorted((one, other))

    assert abs(next_check_in_after(chance, less) - 24 * HOUR) <= abs(next_check_in_after(chance, more) - 24 * HOUR)


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=13))])
@pytest.mark.parametrize("ahead", [-86_400, -1, 0, 90])
def test_a_clock_is_off_by_what_it_is_ahead_of_ours(zone: timezone, ahead: int) -> None:
    device_time = (NOW + timedelta(seconds=ahead)).astimezone(zone)

    assert CheckIn("d", "o", NOW, CheckInReport("1.0.0", device_time, {})).clock_skew_seconds == ahead


@pytest.mark.parametrize("year", [1, 9999])
def test_a_clock_at_the_ends_of_time_is_only_far_off(year: int) -> None:
    device_time = datetime(year, 1 if year == 1 else 12, 1 if year == 1 else 31, tzinfo=timezone(timedelta(hours=14)))

    assert abs(CheckIn("d", "o", NOW, CheckInReport("1.0.0", device_time, {})).clock_skew_seconds) > 10**10
