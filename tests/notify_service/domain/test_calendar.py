"""The calendar: any pattern of runs tells each window once at most, the newest only, and never what is not so."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notify_service.domain import calendar
from notify_service.domain.calendar import CATCH_UP, of_contact, of_day, of_over_count, of_renewal
from wire.calendar_records import DueRenewal, MissingContact, OverCount

if TYPE_CHECKING:
    from notify_service.domain.calendar import Occasion

ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11"
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
RENEWAL = date(2026, 6, 30)
KEY = DueRenewal("key", ORGANIZATION, "Shops north", RENEWAL, issued_at=datetime(2025, 6, 1, tzinfo=UTC))
CONTACT = MissingContact("device", ORGANIZATION, datetime(2026, 6, 1, 9, 30, tzinfo=UTC))
OVER = OverCount(ORGANIZATION, "xms", CONTACT.last_contact_at, 5, 6, None)


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def told(occasion: Occasion | None) -> tuple[str, int] | None:
    return None if occasion is None else (occasion.template, occasion.window)


@pytest.mark.parametrize(
    ("left", "wanted"),
    [
        (31, None),
        (30, ("requires_renewal", 30)),
        (15, ("requires_renewal", 30)),
        (14, ("requires_renewal", 14)),
        (8, ("requires_renewal", 14)),
        (7, ("requires_renewal", 7)),
        (2, ("requires_renewal", 7)),
        (1, ("requires_renewal", 1)),
        (0, ("requires_renewal", 1)),
        (-1, ("license_expired", 0)),
        (-30, ("license_expired", 0)),
        (-31, None),
    ],
)
def test_the_newest_crossed_rung_of_a_renewal_is_told(left: int, wanted: tuple[str, int] | None) -> None:
    """S3-16, S3-17: on the renewal date itself the license still counts."""
    now = noon(RENEWAL - left * DAY)

    assert told(of_renewal(KEY, now)) == wanted
    assert calendar.days_left(RENEWAL, now) == left


def test_the_days_of_a_renewal_are_those_of_utc() -> None:
    """Wherever the clock that is asked stands: its instant counts."""
    midnight = datetime(2026, 6, 16, tzinfo=UTC)
    for hours in (-11, 0, 14):
        there = midnight.astimezone(timezone_of(hours))
        assert told(of_renewal(KEY, there)) == ("requires_renewal", 14)
        assert told(of_renewal(KEY, there - SECOND)) == ("requires_renewal", 30)


def timezone_of(hours: int) -> timezone:
    return timezone(timedelta(hours=hours))


@pytest.mark.parametrize(("length", "wanted"), [(14, None), (15, ("requires_renewal", 14)), (7, None), (1, None)])
def test_what_was_crossed_when_the_key_was_issued_is_not_told(length: int, wanted: tuple[str, int] | None) -> None:
    """A trial of 14 days does not begin with a reminder; that of 15 is reminded on its second day."""
    issued_at = noon(RENEWAL - length * DAY)
    key = replace(KEY, issued_at=issued_at)

    assert told(of_renewal(key, issued_at)) is None
    assert told(of_renewal(key, issued_at + DAY)) == (wanted if length > 1 else None)
    assert told(of_renewal(key, noon(RENEWAL + DAY))) == ("license_expired", 0)


@pytest.mark.parametrize(
    ("gone", "window"),
    [
        (3 * DAY - SECOND, None),
        (3 * DAY, 3),
        (5 * DAY - SECOND, 3),
        (5 * DAY, 5),
        (7 * DAY, 7),
        (8 * DAY - SECOND, 7),
        (8 * DAY, 8),
        (8 * DAY + CATCH_UP - SECOND, 8),
        (8 * DAY + CATCH_UP, None),
    ],
)
def test_the_newest_crossed_rung_of_a_silence_is_told(gone: timedelta, window: int | None) -> None:
    """S1-3, S1-6: to the second, as license_service deactivates."""
    found = of_contact(CONTACT, CONTACT.last_contact_at + gone)

    assert (None if found is None else found.window) == window
    assert found is None or calendar.is_deactivated(found) is (window == 8)


def test_an_over_count_is_told_by_its_beginning() -> None:
    """S1-11: more of it is the same occasion, another beginning another."""
    now = OVER.since + DAY
    first = of_over_count(OVER, now)

    assert first is not None
    assert of_over_count(replace(OVER, seats_in_use=9), now + DAY) == first
    assert of_over_count(replace(OVER, since=now), now) != first
    assert of_over_count(OVER, OVER.since + CATCH_UP) is None


def test_the_numbers_of_a_day_are_told_from_the_morning_on() -> None:
    assert of_day(datetime(2026, 6, 1, 5, 59, 59, tzinfo=UTC)) is None
    today = of_day(datetime(2026, 6, 1, 6, tzinfo=UTC))

    assert today is not None
    assert of_day(datetime(2026, 6, 1, 23, 59, tzinfo=UTC)) == today
    assert of_day(datetime(2026, 6, 2, 6, tzinfo=UTC)) != today


def test_an_email_has_the_same_id_for_ever() -> None:
    """Another release must not tell again what this one told."""
    occasion = of_renewal(KEY, noon(RENEWAL - 7 * DAY))

    assert occasion is not None
    assert occasion.about == f"requires_renewal/{ORGANIZATION}/key/2026-06-30/7"
    assert occasion.notification_id("owner@shop.example") == UUID("7db2dcc1-42b5-57c2-a51f-7258e176fb34")
    assert occasion.notification_id("owner@shop.example") != occasion.notification_id("other@shop.example")


def test_the_same_instant_in_another_zone_is_the_same_occasion() -> None:
    there = CONTACT.last_contact_at.astimezone(timezone_of(9))
    now = CONTACT.last_contact_at + 4 * DAY

    assert of_contact(replace(CONTACT, last_contact_at=there), now) == of_contact(CONTACT, now)


# --- any pattern of runs ----------------------------------------------------------------------------------------------


@dataclass
class Ledger:
    """What a run does with what it found: tells what was not told, cancels what waits and is not so any more."""

    told: list[Occasion] = field(default_factory=list)
    waiting: set[str] = field(default_factory=set)

    def run(self, found: list[Occasion | None]) -> None:
        occasions = [one for one in found if one is not None]
        known = {one.about for one in self.told}
        self.waiting &= {one.about for one in occasions}
        for one in occasions:
            if one.about not in known:
                self.told.append(one)
                self.waiting.add(one.about)


HOURS = st.lists(st.integers(0, 24 * 100), min_size=1, max_size=40).map(sorted)


@given(runs=HOURS, renewed_after=st.integers(0, 2400), extended_by=st.integers(1, 400), mail_stops=st.integers(0, 2400))
def test_any_pattern_of_runs_tells_each_window_of_a_renewal_once_and_the_newest_only(
    runs: list[int], renewed_after: int, extended_by: int, mail_stops: int
) -> None:
    """S3-16, S3-17: whatever was missed, whatever ran twice, and whenever the key is renewed."""
    begin = noon(RENEWAL) - 50 * DAY
    ledger = Ledger()
    for hour in (*runs, *runs[-1:]):
        now = begin + timedelta(hours=hour)
        date_now = RENEWAL + (extended_by * DAY if hour >= renewed_after else timedelta())
        before = len(ledger.told)
        ledger.run([of_renewal(replace(KEY, renewal_date=date_now), now)])
        for one in ledger.told[before:]:
            # It is so at the moment, and the next rung was not crossed yet.
            left = calendar.days_left(date_now, now)
            assert one.began == date_now.isoformat()
            smaller = [rung for rung in calendar.RENEWAL_LADDER if rung < one.window]
            assert left < 0 if one.template == "license_expired" else max(smaller, default=-1) < left <= one.window
        if hour < mail_stops:
            ledger.waiting.clear()
        assert all(f"/{date_now.isoformat()}/" in about for about in ledger.waiting)
        assert len(ledger.waiting) <= 1

    assert max(Counter(one.about for one in ledger.told).values(), default=1) == 1
    for began in {one.began for one in ledger.told}:
        windows = [one.window for one in ledger.told if one.began == began]
        assert windows == sorted(windows, reverse=True)


@given(runs=HOURS, back_after=st.integers(0, 2400))
def test_any_pattern_of_runs_tells_each_rung_of_a_silence_once_and_the_newest_only(
    runs: list[int], back_after: int
) -> None:
    """S1-6, S1-8: a device that is back is told of no more, and begins anew."""
    ledger = Ledger()
    for hour in (*runs, *runs[-1:]):
        now = CONTACT.last_contact_at + timedelta(hours=hour)
        last = CONTACT.last_contact_at + (timedelta(hours=back_after) if hour >= back_after else timedelta())
        before = len(ledger.told)
        ledger.run([of_contact(replace(CONTACT, last_contact_at=last), now)])
        for one in ledger.told[before:]:
            larger = [rung for rung in calendar.CONTACT_LADDER if rung > one.window]
            assert timedelta(days=one.window) <= now - last
            assert not larger or now - last < timedelta(days=min(larger))
        assert all(f"/{last.isoformat()}/" in about for about in ledger.waiting)

    assert max(Counter(one.about for one in ledger.told).values(), default=1) == 1
    for began in {one.began for one in ledger.told}:
        windows = [one.window for one in ledger.told if one.began == began]
        assert all(earlier < later for earlier, later in pairwise(windows))


@given(
    missed=st.sets(st.integers(0, 60), max_size=58),
)
def test_what_a_missed_night_would_have_told_the_next_one_tells_unless_there_is_newer(missed: set[int]) -> None:
    """Nothing is lost: at each run the newest crossed rung is told, then or before."""
    ledger = Ledger()
    for night in sorted(set(range(61)) - missed):
        now = noon(RENEWAL - 45 * DAY) + night * DAY
        found = of_renewal(KEY, now)
        ledger.run([found])
        assert found is None or found in ledger.told
        assert (found is not None) == (calendar.days_left(RENEWAL, now) <= 30)
