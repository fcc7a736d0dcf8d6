"""The life of a signing key: next, current, retired (T29, T30)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from license_service.domain.errors import SigningKeyRefusedError
from license_service.domain.signing_key import PUBLISHED_AHEAD, KeyRing, SigningKey, SigningKeyState
from wire.jwks import MOST_KEYS

NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)


def new(kid: str, at: datetime = NOW) -> SigningKey:
    return SigningKey(kid, "x", "y", SigningKeyState.NEXT, at)


def states(ring: KeyRing) -> dict[str, str]:
    return {key.kid: key.state.value for key in ring.keys}


ONE = KeyRing().with_new(new("first"))
TWO = ONE.with_new(new("second"))


def test_first_key_signs_at_once_and_the_second_is_published_only() -> None:
    assert states(ONE) == {"first": "current"}
    assert states(TWO) == {"first": "current", "second": "next"}
    assert TWO.signing == {"first", "second"}


def test_next_key_signs_when_every_site_in_contact_has_it() -> None:
    """S1-2, T30: a site may be out of contact for eight days."""
    with pytest.raises(SigningKeyRefusedError, match="for 8 days sites may not know it"):
        TWO.promoted(NOW + PUBLISHED_AHEAD - timedelta(seconds=1))

    promoted = TWO.promoted(NOW + PUBLISHED_AHEAD)
    assert states(promoted) == {"first": "retired", "second": "current"}
    assert promoted.signing == {"second"}


def test_urgent_promotion_does_not_wait() -> None:
    assert states(TWO.promoted(NOW, is_urgent=True)) == {"first": "retired", "second": "current"}


def test_retired_key_stays_published_and_retired() -> None:
    """What it signed is pasted years later."""
    third = TWO.promoted(NOW, is_urgent=True).with_new(new("third")).promoted(NOW, is_urgent=True)

    assert states(third) == {"first": "retired", "second": "retired", "third": "current"}


def test_without_a_next_key_nothing_is_promoted() -> None:
    with pytest.raises(SigningKeyRefusedError, match="license-service signing create-key"):
        ONE.promoted(NOW)


def test_there_is_one_next_key_and_no_more_than_verifiers_read() -> None:
    with pytest.raises(SigningKeyRefusedError, match="already: second"):
        TWO.check_room()

    full = KeyRing(tuple(SigningKey(str(n), "x", "y", SigningKeyState.RETIRED, NOW) for n in range(MOST_KEYS)))
    with pytest.raises(SigningKeyRefusedError, match="32"):
        full.check_room()
    ONE.check_room()


@pytest.mark.parametrize(
    ("kid", "left"),
    [
        ("first", {"second": "current"}),
        ("second", {"first": "current"}),
    ],
)
def test_revoked_key_is_gone_at_once_and_another_signs(kid: str, left: dict[str, str]) -> None:
    """T29."""
    assert states(TWO.without(kid)) == left


def test_revoked_only_key_leaves_none() -> None:
    assert ONE.without("first") == KeyRing()


def test_revoking_a_retired_key_moves_no_other() -> None:
    ring = TWO.promoted(NOW, is_urgent=True).with_new(new("third"))

    assert states(ring.without("first")) == {"second": "current", "third": "next"}


def test_key_that_is_not_there_is_not_revoked() -> None:
    with pytest.raises(SigningKeyRefusedError, match="no signing key with this kid"):
        TWO.without("third")
