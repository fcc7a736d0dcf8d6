"""Seats that sites say they use, against those that the organization owns (S1-10, S1-11, S1-42).

The count is pooled: what all sites of an organization use, against what all of its keys give. What counts are its
active and suspended keys whose renewal date has not passed; when it has passed for all, what they gave still measures,
so that an expired license is told as expired and not as overused. Above what is owned, each key allows its per cent for
its days from the first instant of over-use on; of several keys the per cents add up, and the longest days count.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from license_service.domain.renewal import today
from wire.check_in import ComponentUse, OverCountOutcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from license_service.domain.license_key import OverCountPolicy


@dataclass(frozen=True, slots=True)
class SoldSeats:
    """The seats of one component that one key gives."""

    component_code: str
    seats: int
    renewal_date: date | None
    over_count: OverCountPolicy


def counting(sold: Sequence[SoldSeats], now: datetime) -> list[SoldSeats]:
    """Give those that count."""
    current = [each for each in sold if each.renewal_date is None or each.renewal_date >= today(now)]
    return current or list(sold)


def judged(
    sold: Sequence[SoldSeats], in_use: Mapping[str, int], over_since: Mapping[str, datetime], now: datetime
) -> tuple[ComponentUse, ...]:
    """Judge every component that is owned or used. `over_since` is when those began that were over before."""
    counted = counting(sold, now)
    codes = sorted({each.component_code for each in counted} | {code for code, seats in in_use.items() if seats})
    return tuple(
        _judged(
            code,
            [each for each in counted if each.component_code == code],
            in_use.get(code, 0),
            over_since.get(code, now),
            now,
        )
        for code in codes
    )


def _judged(code: str, sold: Sequence[SoldSeats], used: int, since: datetime, now: datetime) -> ComponentUse:
    owned = sum(each.seats for each in sold)
    if used <= owned:
        return ComponentUse(code, owned, used)
    allowed = sum(each.seats * each.over_count.percent // 100 for each in sold)
    if used > owned + allowed:
        return ComponentUse(code, owned, used, OverCountOutcome.REFUSED, since)
    until = since + timedelta(days=max(each.over_count.days for each in sold))
    outcome = OverCountOutcome.ALLOWED if now < until else OverCountOutcome.REFUSED
    return ComponentUse(code, owned, used, outcome, since, until)
