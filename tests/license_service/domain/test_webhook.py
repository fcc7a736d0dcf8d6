"""When a delivery is tried again, and when an endpoint is given up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from license_service.domain.webhook import MOST_ATTEMPTS, SealedSecrets, is_lost, pause_after, wait_after

NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)


def test_waits_grow_to_half_a_day_and_end_after_about_three_days() -> None:
    waits = [wait_after(attempts, 0.5) for attempts in range(1, MOST_ATTEMPTS + 1)]

    assert waits[-1] is None
    lengths = [wait for wait in waits if wait is not None]
    assert lengths == sorted(lengths)
    assert lengths[:4] == [timedelta(seconds=seconds) for seconds in (5, 20, 80, 320)]
    assert lengths[-1] == timedelta(hours=12)
    assert timedelta(days=2.5) < sum(lengths, timedelta()) < timedelta(days=3.5)


@given(st.integers(1, MOST_ATTEMPTS - 1), st.floats(0, 1))
def test_jitter_moves_a_wait_by_a_fifth_at_most(attempts: int, jitter: float) -> None:
    middle, wait = wait_after(attempts, 0.5), wait_after(attempts, jitter)

    assert middle is not None
    assert wait is not None
    assert middle * 0.79 < wait < middle * 1.21


def test_a_failing_endpoint_is_left_alone_for_minutes_at_most() -> None:
    assert [pause_after(failures).seconds for failures in (1, 2, 8, 9, 10_000)] == [2, 4, 256, 300, 300]


def test_an_endpoint_is_lost_after_many_failures_over_days_and_not_before() -> None:
    three_days_ago = NOW - timedelta(days=3)

    assert is_lost(50, three_days_ago, NOW)
    assert not is_lost(49, three_days_ago, NOW)
    assert not is_lost(5000, three_days_ago + timedelta(seconds=1), NOW)


def test_the_former_secret_signs_until_its_time_is_over() -> None:
    secrets = SealedSecrets("new", "old", NOW)

    assert secrets.in_use(NOW - timedelta(seconds=1)) == ["new", "old"]
    assert secrets.in_use(NOW) == ["new"]
    assert SealedSecrets("only").in_use(NOW) == ["only"]
    assert "new" not in repr(secrets)
    assert "old" not in repr(secrets)
