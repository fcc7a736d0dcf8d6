from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from license_service.domain.license_key import OverCountPolicy
from license_service.domain.over_count import SoldSeats, judged
from wire.check_in import ComponentUse, OverCountOutcome

NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
A_SECOND = timedelta(seconds=1)
REFUSE = OverCountPolicy()
ALLOW = OverCountPolicy(percent=20, days=14)


def sold(
    seats: int = 10, policy: OverCountPolicy = ALLOW, *, until: date | None = None, code: str = "xms"
) -> SoldSeats:
    return SoldSeats(code, seats, until, policy)


def judge(*owned: SoldSeats, used: int, since: datetime = NOW, now: datetime = NOW) -> ComponentUse:
    (use,) = judged(owned, {"xms": used}, {"xms": since}, now)
    return use


@pytest.mark.parametrize("policy", [REFUSE, ALLOW])
def test_as_many_as_are_owned_are_well(policy: OverCountPolicy) -> None:
    """S1-10."""
    assert judge(sold(10, policy), used=10) == ComponentUse("xms", 10, 10)


def test_without_a_policy_one_too_many_is_refused() -> None:
    """S1-11."""
    assert judge(sold(10, REFUSE), used=11) == ComponentUse("xms", 10, 11, OverCountOutcome.REFUSED, NOW)


@pytest.mark.parametrize(
    ("used", "after", "outcome"),
    [
        (11, timedelta(), OverCountOutcome.ALLOWED),
        (12, timedelta(days=14) - A_SECOND, OverCountOutcome.ALLOWED),
        (12, timedelta(days=14), OverCountOutcome.REFUSED),
        (13, timedelta(), OverCountOutcome.REFUSED),
    ],
)
def test_a_policy_allows_its_per_cent_for_its_days(used: int, after: timedelta, outcome: OverCountOutcome) -> None:
    """S1-11: from the first instant of over-use on."""
    assert judge(sold(10, ALLOW), used=used, now=NOW + after).outcome is outcome


def test_the_end_of_what_is_allowed_is_told() -> None:
    assert judge(sold(10, ALLOW), used=11).over_count_until == NOW + timedelta(days=14)


def test_seats_of_several_keys_are_pooled() -> None:
    """S1-42: the per cents add up, the longest days count."""
    longer = OverCountPolicy(percent=50, days=30)

    use = judge(sold(10, ALLOW), sold(4, longer), used=18)

    assert (use.seats_owned, use.outcome) == (14, OverCountOutcome.ALLOWED)
    assert use.over_count_until == NOW + timedelta(days=30)
    assert judge(sold(10, ALLOW), sold(4, longer), used=19).outcome is OverCountOutcome.REFUSED


def test_a_key_that_has_expired_gives_nothing_beside_one_that_has_not() -> None:
    """S3-17."""
    expired = sold(10, until=date(2026, 5, 31))

    assert judge(expired, sold(5, REFUSE), used=6).outcome is OverCountOutcome.REFUSED
    assert judge(sold(10, until=date(2026, 6, 1)), used=10).outcome is OverCountOutcome.OK


def test_when_all_have_expired_that_is_what_is_told_and_not_over_use() -> None:
    assert judge(sold(10, until=date(2026, 5, 31)), used=10).outcome is OverCountOutcome.OK


def test_what_is_used_and_not_owned_at_all_is_refused() -> None:
    assert judge(sold(10, code="xms"), used=0) == ComponentUse("xms", 10, 0)
    (kds, _) = judged([sold(10)], {"kds": 1, "none": 0}, {}, NOW)
    assert kds == ComponentUse("kds", 0, 1, OverCountOutcome.REFUSED, NOW)


policies = st.builds(OverCountPolicy, percent=st.integers(0, 100), days=st.integers(0, 365))
keys = st.lists(st.builds(sold, seats=st.integers(1, 1000), policy=policies), min_size=1, max_size=4)


@given(keys, st.integers(0, 10_000), st.timedeltas(timedelta(), timedelta(days=400)))
def test_time_and_use_never_make_it_better(owned: list[SoldSeats], used: int, passed: timedelta) -> None:
    worse = [OverCountOutcome.OK, OverCountOutcome.ALLOWED, OverCountOutcome.REFUSED]

    first = judge(*owned, used=used)
    later, more = judge(*owned, used=used, now=NOW + passed), judge(*owned, used=used + 1)

    assert worse.index(first.outcome) <= min(worse.index(later.outcome), worse.index(more.outcome))
    assert (first.over_count_since is None) == (first.outcome is OverCountOutcome.OK)
    assert (first.seats_in_use <= first.seats_owned) == (first.outcome is OverCountOutcome.OK)
