"""The life of a signing key (T29, T30, F40)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from auth_service.domain.errors import KeyChangeRefusedError
from auth_service.domain.grant import ACCESS_TOKEN_SECONDS, LICENSE_TOKEN_SECONDS
from auth_service.domain.key_ring import (
    KEPT_AFTER_RETIRING,
    PUBLISHED_AHEAD,
    SETTLING,
    KeyEvent,
    KeyEventKind,
    KeyRecord,
    KeyRing,
    KeyState,
)
from wire.jwks import ASK_AGAIN_SECONDS, MAX_AGE_SECONDS, MOST_KEYS
from wire.token_verification import LEEWAY_SECONDS

START = datetime(2027, 1, 1, tzinfo=UTC)
ROTATION = timedelta(days=90)


def record(kid: str, at: datetime = START) -> KeyRecord:
    return KeyRecord(kid, "x", "y", f"{kid}.pem", KeyState.NEXT, at)


def states(ring: KeyRing) -> dict[str, str]:
    return {key.kid: key.state.value for key in ring.keys}


FIRST = KeyRing().with_new(record("a"))
WITH_NEXT = FIRST.with_new(record("b"))


def test_the_first_key_signs_and_the_one_after_it_waits() -> None:
    """T30."""
    assert states(FIRST) == {"a": "current"}
    assert states(WITH_NEXT) == {"a": "current", "b": "next"}
    assert WITH_NEXT.current is not None
    assert WITH_NEXT.current.kid == "a"


def test_a_second_next_key_is_refused() -> None:
    with pytest.raises(KeyChangeRefusedError, match="already: b"):
        WITH_NEXT.check_room()


def test_no_more_keys_than_a_verifier_takes() -> None:
    """T31: verifiers refuse a larger set whole."""
    ring = FIRST
    for number in range(MOST_KEYS - 1):
        ring.check_room()
        ring = ring.with_new(record(f"k{number}")).promoted(START)

    with pytest.raises(KeyChangeRefusedError, match="refused by verifiers"):
        ring.check_room()
    assert not ring.is_next_due(ROTATION, START + ROTATION)


def test_a_key_is_published_for_longer_than_the_caches_of_verifiers_before_it_signs() -> None:
    """T30, F40: a verifier's cache, one in between, and the floor under asking again."""
    assert timedelta(seconds=MAX_AGE_SECONDS + ASK_AGAIN_SECONDS) < SETTLING
    assert PUBLISHED_AHEAD > SETTLING
    with pytest.raises(KeyChangeRefusedError, match="--now"):
        WITH_NEXT.check_promotion(START + SETTLING - timedelta(seconds=1))
    assert WITH_NEXT.check_promotion(START + SETTLING).kid == "b"
    assert WITH_NEXT.check_promotion(START, is_urgent=True).kid == "b"


def test_nothing_is_promoted_where_nothing_is_next() -> None:
    with pytest.raises(KeyChangeRefusedError, match="create-key"):
        FIRST.check_promotion(START, is_urgent=True)


def test_promotion_retires_the_key_that_signed() -> None:
    ring = WITH_NEXT.promoted(START)

    assert states(ring) == {"a": "retired", "b": "current"}
    assert ring.events_since(WITH_NEXT) == (
        KeyEvent(KeyEventKind.RETIRED, "a"),
        KeyEvent(KeyEventKind.PROMOTED, "b"),
    )


def test_a_retired_key_is_published_until_the_last_token_signed_with_it_is_dead() -> None:
    """T30, F40."""
    longest = timedelta(seconds=max(LICENSE_TOKEN_SECONDS, ACCESS_TOKEN_SECONDS) + LEEWAY_SECONDS)
    ring = WITH_NEXT.promoted(START)

    still_needed = ring.tidied(START + longest)
    too_old = ring.tidied(START + KEPT_AFTER_RETIRING)

    assert longest < KEPT_AFTER_RETIRING < longest + timedelta(days=1)
    assert states(still_needed) == {"a": "retired", "b": "current"}
    assert states(too_old) == {"b": "current"}
    assert too_old.events_since(ring) == (KeyEvent(KeyEventKind.DROPPED, "a"),)


def test_the_private_half_of_a_retired_key_goes_as_soon_as_nobody_signs_with_it() -> None:
    """T29: what is erased cannot leak; its public half stays."""
    ring = WITH_NEXT.promoted(START)

    assert ring.tidied(START + SETTLING - timedelta(seconds=1)) == ring
    erased = ring.tidied(START + SETTLING)
    assert erased.to_erase == ("a.pem",)
    assert [key.handle for key in erased.keys] == [None, "b.pem"]
    assert states(erased) == states(ring)


def test_a_revoked_key_is_gone_at_once() -> None:
    """T29, F40."""
    ring = WITH_NEXT.without({"a"})

    assert states(ring) == {"b": "next"}
    assert ring.to_erase == ("a.pem",)
    assert ring.events_since(WITH_NEXT, revoked={"a"}) == (KeyEvent(KeyEventKind.REVOKED, "a"),)


def test_the_schedule_publishes_a_day_ahead_and_promotes_on_the_day() -> None:
    """T30."""
    day = timedelta(days=1)
    second = timedelta(seconds=1)

    assert not FIRST.is_next_due(ROTATION, START + ROTATION - day - second)
    assert FIRST.is_next_due(ROTATION, START + ROTATION - day)
    ring = FIRST.with_new(record("b", START + ROTATION - day))
    assert not ring.is_next_due(ROTATION, START + ROTATION)
    assert not ring.is_promotion_due(ROTATION, START + ROTATION - second)
    assert ring.is_promotion_due(ROTATION, START + ROTATION)


def test_a_schedule_that_was_missed_still_publishes_a_day_ahead() -> None:
    late = START + 10 * ROTATION
    ring = FIRST.with_new(record("b", late))

    assert not ring.is_promotion_due(ROTATION, late + PUBLISHED_AHEAD - timedelta(seconds=1))
    assert ring.is_promotion_due(ROTATION, late + PUBLISHED_AHEAD)


class KeyLives(RuleBasedStateMachine):
    """Whatever people and the schedule do in whatever order: what verifiers need stays published."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.ring = FIRST
        self.made = 1
        self.revoked: set[str] = set()
        self.signed_until: dict[str, datetime] = {}

    @rule(hours=st.integers(0, 300))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule()
    def create(self) -> None:
        try:
            self.ring.check_room()
        except KeyChangeRefusedError:
            return
        self.made += 1
        self.ring = self.ring.with_new(record(f"k{self.made}", self.now))

    @rule()
    def promote(self) -> None:
        try:
            self.ring.check_promotion(self.now)
        except KeyChangeRefusedError:
            return
        self.ring = self.ring.promoted(self.now)

    @rule()
    def tidy(self) -> None:
        self.ring = self.ring.tidied(self.now)

    @rule(number=st.integers(0, 5))
    def revoke(self, number: int) -> None:
        kid = self.ring.keys[number % len(self.ring.keys)].kid
        was_current = self.ring.current is not None and self.ring.current.kid == kid
        self.revoked.add(kid)
        self.ring = self.ring.without({kid})
        if was_current:
            self.made += 1
            self.ring = self.ring.with_new(record(f"k{self.made}", self.now))

    @invariant()
    def one_key_signs_and_it_has_its_private_half(self) -> None:
        current = [key for key in self.ring.keys if key.state is KeyState.CURRENT]
        assert len(current) == 1
        assert current[0].handle is not None
        assert current[0].handle not in self.ring.to_erase
        self.signed_until[current[0].kid] = self.now

    @invariant()
    def at_most_one_is_next(self) -> None:
        assert [key.state for key in self.ring.keys].count(KeyState.NEXT) <= 1

    @invariant()
    def every_live_token_can_be_verified(self) -> None:
        lifetime = timedelta(seconds=LICENSE_TOKEN_SECONDS + LEEWAY_SECONDS)
        needed = {kid for kid, at in self.signed_until.items() if self.now <= at + lifetime} - self.revoked
        assert needed <= {key.kid for key in self.ring.keys}

    @invariant()
    def nothing_revoked_is_published(self) -> None:
        assert not self.revoked & {key.kid for key in self.ring.keys}


KeyLives.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestKeyLives = KeyLives.TestCase
