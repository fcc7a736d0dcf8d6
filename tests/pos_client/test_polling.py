"""Interval arithmetic (RFC 8628 §3.2, §3.5)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pos_client.polling import LONGEST_BACK_OFF_SECONDS, PollingPace

NOW = datetime(2026, 11, 21, 14, 5, tzinfo=UTC)


def test_section_3_2_the_interval_is_five_seconds_when_none_is_given() -> None:
    """ "If no value is provided, clients MUST use 5 as the default." """
    assert PollingPace().interval_seconds == 5


def test_the_first_poll_may_come_at_once() -> None:
    assert PollingPace(5).seconds_to_wait(NOW) == 0


@pytest.mark.parametrize(("passed", "rest"), [(0, 5), (2, 3), (4.5, 0.5), (5, 0), (60, 0), (-3600, 5)])
def test_section_3_5_the_client_waits_the_interval_between_polls(passed: float, rest: float) -> None:
    """The rest of the interval; a clock that was set back makes it the whole one and no more."""
    pace = PollingPace(5).after_pending(NOW)

    assert pace.seconds_to_wait(NOW + timedelta(seconds=passed)) == rest


def test_section_3_5_slow_down_adds_five_seconds_for_good() -> None:
    """ "the interval MUST be increased by 5 seconds for this and all subsequent requests" """
    pace = PollingPace(5).after_slow_down(NOW)

    assert pace.after_pending(NOW).seconds_to_wait(NOW) == 10
    assert pace.after_slow_down(NOW).seconds_to_wait(NOW) == 15


def test_section_3_5_a_timeout_doubles_the_interval() -> None:
    """ "unilaterally reduce their polling frequency … such as doubling the polling interval" """
    pace = PollingPace(5)

    assert [(pace := pace.after_timeout(NOW)).interval_seconds for _ in range(5)] == [10, 20, 40, 60, 60]


@given(
    interval=st.integers(0, 3600),
    steps=st.lists(st.sampled_from(["after_pending", "after_slow_down", "after_timeout"])),
)
def test_no_answer_ever_shortens_the_interval(interval: int, steps: list[str]) -> None:
    pace = PollingPace(interval)
    for step in steps:
        slower = getattr(pace, step)(NOW)
        assert slower.interval_seconds >= pace.interval_seconds
        assert slower.interval_seconds <= max(interval, LONGEST_BACK_OFF_SECONDS) + 5 * len(steps)
        pace = slower
