"""The moves of a device authorization (RFC 8628 §3)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from auth_service.domain.device_authorization import DeviceAuthorization, Status
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


@pytest.mark.parametrize("status", [Status.PENDING, Status.APPROVED])
def test_pending_and_approved_have_no_final_answer_yet(status: Status) -> None:
    assert authorization(status).check_redeemable("pos", NOW) is None


@pytest.mark.parametrize(
    ("status", "error"), [(Status.DENIED, AccessDeniedError), (Status.CONSUMED, InvalidGrantError)]
)
def test_denied_and_consumed_are_final(status: Status, error: type[Exception]) -> None:
    with pytest.raises(error):
        authorization(status).check_redeemable("pos", NOW)


@pytest.mark.parametrize("status", list(Status))
def test_expired_comes_before_what_an_operator_did(status: Status) -> None:
    with pytest.raises(ExpiredTokenError):
        authorization(status).check_redeemable("pos", NOW + timedelta(seconds=900))


@pytest.mark.parametrize("status", list(Status))
def test_another_client_learns_nothing_even_of_an_expired_code(status: Status) -> None:
    """T16."""
    with pytest.raises(InvalidGrantError):
        authorization(status).check_redeemable("other", NOW + timedelta(days=1))


def test_only_a_pending_one_within_its_lifetime_can_be_decided() -> None:
    live = [one for one in Status if authorization(one).is_live(NOW + timedelta(seconds=899))]

    assert live == [Status.PENDING]
    assert not authorization(Status.PENDING).is_live(NOW + timedelta(seconds=900))
