from __future__ import annotations

from itertools import product

import pytest

from license_service.domain.license_key import MOVES, KeyStatus, OverCountPolicy, moves_to


def test_these_are_the_moves_and_no_others() -> None:
    allowed = {f"{before} → {after}" for before, after in product(KeyStatus, KeyStatus) if before in moves_to(after)}

    assert allowed == {
        "active → suspended",
        "suspended → active",
        "active → revoked",
        "suspended → revoked",
        "active → replaced",
    }
    assert len(MOVES) == len(allowed)


@pytest.mark.parametrize(
    ("percent", "seats", "most"), [(0, 10, 10), (10, 10, 11), (10, 19, 20), (10, 9, 9), (100, 1, 2)]
)
def test_over_count_allows_whole_seats_only(percent: int, seats: int, most: int) -> None:
    """S1-11."""
    assert OverCountPolicy(percent, 14).most_seats(seats) == most
