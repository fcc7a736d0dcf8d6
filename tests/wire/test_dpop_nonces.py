"""Nonces of the server's clock (RFC 9449 §8)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from wire.dpop_nonces import NONCE_SECONDS, DpopNonces

NOW = datetime(2026, 6, 1, 12, 0, 7, tzinfo=UTC)
NONCES = DpopNonces(b"k" * 32)


@pytest.mark.parametrize("seconds", [0, 60, NONCE_SECONDS - 60])
def test_nonce_is_good_for_minutes(seconds: int) -> None:
    assert NONCES.is_good(NONCES.current(NOW), NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize("seconds", [NONCE_SECONDS, 3600, 86_400])
def test_old_nonce_is_stale(seconds: int) -> None:
    assert not NONCES.is_good(NONCES.current(NOW), NOW + timedelta(seconds=seconds))


def test_nonce_of_a_process_whose_clock_is_a_little_ahead_is_good() -> None:
    assert NONCES.is_good(NONCES.current(NOW + timedelta(seconds=59)), NOW)
    assert not NONCES.is_good(NONCES.current(NOW + timedelta(seconds=180)), NOW)


@pytest.mark.parametrize("nonce", ["", "x", "A" * 22, "ü", "\u2028"])
def test_nonce_that_we_never_gave_is_not_good(nonce: str) -> None:
    assert not NONCES.is_good(nonce, NOW)


def test_another_key_gives_other_nonces() -> None:
    assert not DpopNonces(b"o" * 32).is_good(NONCES.current(NOW), NOW)


def test_nonce_changes_with_time() -> None:
    assert NONCES.current(NOW) != NONCES.current(NOW + timedelta(seconds=60))
