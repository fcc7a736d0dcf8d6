from __future__ import annotations

from datetime import UTC, datetime
from itertools import product

from license_service.domain.license_key import MOVES, KeyStatus, OverCountPolicy


def test_these_are_the_moves_and_no_others() -> None:
    allowed = {f"{before} → {after}" for before, after in product(KeyStatus, KeyStatus) if (before, after) in MOVES}

    assert allowed == {
        "active → suspended",
        "suspended → active",
        "active → revoked",
        "suspended → revoked",
        "active → replaced",
    }


def test_an_over_count_ends_after_its_days() -> None:
    """S1-11."""
    since = datetime(2028, 2, 20, 12, tzinfo=UTC)

    assert OverCountPolicy(10, 14).ends_at(since) == datetime(2028, 3, 5, 12, tzinfo=UTC)
    assert OverCountPolicy(10, 14).ends_at(None) is None
