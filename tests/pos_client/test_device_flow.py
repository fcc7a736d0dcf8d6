"""The client's side of RFC 8628 §3.1-3.5, one request at a time."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from pos_client.device_flow import DeviceFlow, PollAnswer
from pos_client.errors import NoContactError, RefusedError
from pos_client.token_endpoint import TokenAnswer
from tests.pos_client.clock import START
from tests.pos_client.issuer_simulator import DEVICE_AUTHORIZATION, TOKEN, OAuthError

if TYPE_CHECKING:
    from typing import Any

    from pos_client.issuer import Issuer
    from tests.pos_client.issuer_simulator import IssuerSimulator


@pytest.fixture
def flow(issuer: Issuer) -> DeviceFlow:
    return DeviceFlow(issuer, "tillpass-pos")


def test_section_3_1_client_id_and_scope_are_sent_as_a_form(flow: DeviceFlow, simulator: IssuerSimulator) -> None:
    flow.authorize(START)

    assert simulator.asked(DEVICE_AUTHORIZATION) == [{"client_id": "tillpass-pos", "scope": "license"}]


def test_section_3_2_the_answer_becomes_a_pending_authorization(flow: DeviceFlow, simulator: IssuerSimulator) -> None:
    pending = flow.authorize(START)

    assert pending.user_code == "WDJB-0000"
    assert pending.verification_uri == f"{simulator.issuer}/activate"
    assert pending.verification_uri_complete == f"{simulator.issuer}/activate?user_code=WDJB-0000"
    assert pending.expires_at == START + timedelta(seconds=900)
    assert pending.pace.interval_seconds == 5


def test_section_3_2_without_an_interval_five_seconds_are_used(flow: DeviceFlow, simulator: IssuerSimulator) -> None:
    simulator.interval = None

    assert flow.authorize(START).pace.interval_seconds == 5


@pytest.mark.parametrize(
    "changes",
    [
        {"device_code": ""},
        {"device_code": "a" * 1025},
        {"user_code": "a\nb"},
        {"verification_uri": "javascript:alert(1)"},
        {"verification_uri_complete": "http://evil.example/"},
        {"expires_in": 0},
        {"expires_in": "900"},
        {"expires_in": 10**30},
        {"interval": -1},
        {"interval": 10**9},
    ],
)
def test_an_answer_that_makes_no_sense_is_no_contact(
    flow: DeviceFlow, simulator: IssuerSimulator, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any]
) -> None:
    good = simulator._authorize
    monkeypatch.setattr(simulator, "_authorize", lambda form: {**good(form), **changes})

    with pytest.raises(NoContactError):
        flow.authorize(START)


def test_section_3_4_a_poll_names_grant_code_and_client(flow: DeviceFlow, simulator: IssuerSimulator) -> None:
    pending = flow.authorize(START)
    flow.poll(pending.device_code)

    assert simulator.asked(TOKEN) == [
        {
            "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
            "device_code": pending.device_code,
            "client_id": "tillpass-pos",
        }
    ]


@pytest.mark.parametrize(
    ("error", "answer"),
    [
        ("authorization_pending", PollAnswer.PENDING),
        ("slow_down", PollAnswer.SLOW_DOWN),
        ("access_denied", PollAnswer.DENIED),
        ("expired_token", PollAnswer.EXPIRED),
        ("invalid_grant", PollAnswer.EXPIRED),
    ],
)
def test_section_3_5_each_error_code_has_its_meaning(
    flow: DeviceFlow, simulator: IssuerSimulator, error: str, answer: PollAnswer
) -> None:
    pending = flow.authorize(START)
    simulator.decision = error

    assert flow.poll(pending.device_code) is answer


def test_another_error_code_is_a_refusal(flow: DeviceFlow, simulator: IssuerSimulator) -> None:
    pending = flow.authorize(START)
    simulator.refusal = OAuthError("unauthorized_client")

    with pytest.raises(RefusedError, match="unauthorized_client"):
        flow.poll(pending.device_code)


def test_an_approved_code_brings_tokens(flow: DeviceFlow, simulator: IssuerSimulator) -> None:
    pending = flow.authorize(START)
    simulator.approve()

    assert isinstance(flow.poll(pending.device_code), TokenAnswer)


@pytest.mark.parametrize(
    "extra",
    [
        {"access_token": None},
        {"token_type": "mac"},
        {"token_type": None},
        {"refresh_token": 7},
        {"license_token": "a b"},
    ],
)
def test_an_answer_that_is_no_token_answer_is_no_contact(
    flow: DeviceFlow, simulator: IssuerSimulator, extra: dict[str, Any]
) -> None:
    """RFC 6749 §5.1."""
    pending = flow.authorize(START)
    simulator.approve()
    simulator.token_extra = extra

    with pytest.raises(NoContactError):
        flow.poll(pending.device_code)


def test_the_token_type_is_compared_without_case(flow: DeviceFlow, simulator: IssuerSimulator) -> None:
    """RFC 6749 §5.1: "Value is case insensitive." """
    pending = flow.authorize(START)
    simulator.approve()
    simulator.token_extra = {"token_type": "bEARER", "something_new": [1]}

    assert isinstance(flow.poll(pending.device_code), TokenAnswer)


def test_no_token_is_in_a_repr(flow: DeviceFlow, simulator: IssuerSimulator) -> None:
    """C14."""
    pending = flow.authorize(START)
    simulator.approve()
    answer = flow.poll(pending.device_code)

    assert pending.device_code not in repr(pending)
    assert isinstance(answer, TokenAnswer)
    assert str(answer.refresh_token) not in repr(answer)
    assert str(answer.license_token) not in repr(answer)
