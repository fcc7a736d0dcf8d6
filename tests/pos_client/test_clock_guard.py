"""The clock is not trusted alone: T60, F44."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pos_client.clock_guard import ClockFault, ClockMark, mark_at_contact, read_clock

SEEN = datetime(2026, 11, 21, 14, 5, tzinfo=UTC)
MARK = ClockMark(SEEN)


def test_before_the_first_contact_there_is_only_the_system_clock() -> None:
    reading = read_clock(None, SEEN)

    assert (reading.now, reading.fault) == (SEEN, None)


def test_time_that_goes_on_is_believed() -> None:
    reading = MARK.read(SEEN + timedelta(days=9))

    assert (reading.now, reading.fault) == (SEEN + timedelta(days=9), None)


@pytest.mark.parametrize("back", [timedelta(hours=1), timedelta(days=9), SEEN - datetime(1970, 1, 1, tzinfo=UTC)])
def test_a_clock_set_back_counts_as_the_mark_and_is_told(back: timedelta) -> None:
    reading = MARK.read(SEEN - back)

    assert (reading.now, reading.fault) == (SEEN, ClockFault.BEHIND)


def test_a_few_minutes_back_are_not_worth_a_warning_but_gain_nothing() -> None:
    reading = MARK.read(SEEN - timedelta(minutes=5))

    assert (reading.now, reading.fault) == (SEEN, None)


def test_the_mark_moves_with_our_own_records() -> None:
    later = SEEN + timedelta(minutes=5)

    assert MARK.recorded(later) == ClockMark(later)
    assert MARK.recorded(later - timedelta(seconds=1)) is MARK
    assert MARK.recorded(SEEN - timedelta(days=1)) is MARK


def test_a_wrong_forward_jump_that_was_recorded_heals_at_the_next_contact() -> None:
    jumped = MARK.recorded(SEEN + timedelta(days=30))
    assert jumped.read(SEEN).now == SEEN + timedelta(days=30)

    healed = mark_at_contact(SEEN, SEEN)

    assert healed.read(SEEN + timedelta(hours=1)).now == SEEN + timedelta(hours=1)


def test_a_clock_that_is_still_ahead_at_the_contact_shortens_nothing() -> None:
    """T60: "never shortened by a clock that was wrongly ahead once the server says so"."""
    ahead = timedelta(days=30)
    mark = mark_at_contact(SEEN, SEEN + ahead)

    reading = mark.read(SEEN + ahead + timedelta(days=7))

    assert (reading.now, reading.fault) == (SEEN + timedelta(days=7), ClockFault.AHEAD)


def test_a_clock_put_right_after_the_contact_is_believed_again() -> None:
    mark = mark_at_contact(SEEN, SEEN + timedelta(days=30))

    reading = mark.read(SEEN + timedelta(hours=2))

    assert (reading.now, reading.fault) == (SEEN + timedelta(hours=2), None)


@pytest.mark.parametrize("ahead", [timedelta(minutes=-90), timedelta(0), timedelta(minutes=5)])
def test_a_clock_that_is_behind_or_nearly_right_at_the_contact_is_not_corrected(ahead: timedelta) -> None:
    assert mark_at_contact(SEEN, SEEN + ahead) == ClockMark(SEEN, 0)


@given(
    jumps=st.lists(st.integers(-(10**8), 10**8), max_size=12),
    ahead=st.integers(-(10**7), 10**7),
)
def test_whatever_the_clock_does_the_time_never_runs_backwards(jumps: list[int], ahead: int) -> None:
    system = SEEN + timedelta(seconds=ahead)
    mark = mark_at_contact(SEEN, system)
    latest = SEEN
    for jump in jumps:
        system += timedelta(seconds=jump)
        mark = mark.recorded(system)
        now = mark.read(system).now
        assert now >= latest - timedelta(minutes=5)
        latest = max(latest, mark.seen_at)
        assert now >= latest
