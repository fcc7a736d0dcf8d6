"""The moves of a device authorization (RFC 8628 §3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from auth_service.domain.device_authorization import DeviceAuthorization, Status, s256
from auth_service.domain.errors import AccessDeniedError, ExpiredTokenError, InvalidGrantError

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def authorization(status: Status) -> DeviceAuthorization:
    return DeviceAuthorization(
        id="1",
        client_id="pos",
        scope="license",
        status=status,
        device_code_digest="d",
        requested_from="192.0.2.1",
        created_at=NOW,
        expires_at=NOW + timedelta(seconds=900),
    )


@pytest.mark.parametrize("status", [Status.PENDING, Status.APPROVED, Status.CONSUMED])
def test_only_denied_is_a_final_answer_while_the_code_lives(status: Status) -> None:
    authorization(status).check_answerable("pos", NOW)
    with pytest.raises(AccessDeniedError):
        authorization(Status.DENIED).check_answerable("pos", NOW)


def test_a_code_consumed_just_before_its_end_is_answered_a_little_longer() -> None:
    """T25: its answer may be lost on the way."""
    consumed = replace(authorization(Status.CONSUMED), consumed_at=NOW + timedelta(seconds=899))

    consumed.check_answerable("pos", NOW + timedelta(seconds=929))
    with pytest.raises(ExpiredTokenError):
        consumed.check_answerable("pos", NOW + timedelta(seconds=930))


@pytest.mark.parametrize(
    ("fixed", "shown", "same"),
    [
        ({}, (None, None), True),
        ({}, ("key", None), True),
        ({"dpop_jkt": "key"}, ("key", None), True),
        ({"dpop_jkt": "key"}, ("other", None), False),
        ({"dpop_jkt": "key"}, (None, None), False),
        ({"code_challenge": s256("v" * 43)}, (None, "v" * 43), True),
        ({"code_challenge": s256("v" * 43)}, (None, "w" * 43), False),
        ({"code_challenge": s256("v" * 43)}, (None, None), False),
        ({}, (None, "v" * 43), False),
    ],
)
def test_who_redeems_must_be_who_asked(
    fixed: dict[str, str], shown: tuple[str | None, str | None], *, same: bool
) -> None:
    """T15; the last one would hide that a challenge was stripped."""
    assert replace(authorization(Status.APPROVED), **fixed).is_same_device(*shown) is same


def test_the_challenge_is_that_of_the_standard() -> None:
    """RFC 7636, appendix B."""
    assert s256("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


@pytest.mark.parametrize("status", list(Status))
def test_expired_comes_before_what_an_operator_did(status: Status) -> None:
    with pytest.raises(ExpiredTokenError):
        authorization(status).check_answerable("pos", NOW + timedelta(seconds=900))


@pytest.mark.parametrize("status", list(Status))
def test_another_client_learns_nothing_even_of_an_expired_code(status: Status) -> None:
    """T16."""
    with pytest.raises(InvalidGrantError):
        authorization(status).check_answerable("other", NOW + timedelta(days=1))


def test_only_a_pending_one_within_its_lifetime_can_be_decided() -> None:
    live = [one for one in Status if authorization(one).is_live(NOW + timedelta(seconds=899))]

    assert live == [Status.PENDING]
    assert not authorization(Status.PENDING).is_live(NOW + timedelta(seconds=900))
