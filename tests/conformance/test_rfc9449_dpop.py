"""Demonstrating proof of possession (RFC 9449) at auth_service's token and device authorization endpoints; T15.

What §4.3 demands of one proof is tried rule by rule in tests/wire/test_dpop_proof.py, and here once more over HTTP.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import jwt
import pytest

from auth_service.app import create_app
from tests.doubles.auth_house import ISSUER
from tests.doubles.keyed_device import DEVICE_AUTHORIZATION, TOKEN, KeyedDevice
from wire.dpop_key import DpopKey
from wire.grant_types import CLIENT_CREDENTIALS

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from tests.doubles.auth_house import House


@pytest.fixture
def device(house: House) -> KeyedDevice:
    return KeyedDevice(house)


def _claims(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def _is_refused(answer: TestResponse, error: str) -> bool:
    return (answer.status_code, answer.json and answer.json["error"]) == (400, error)


def _demanding(house: House) -> House:
    """Give the same house, whose auth_service wants a nonce of its own in every proof."""
    proofs = replace(house.wired.protocol.proofs, nonce_required=True)
    wired = replace(house.wired, protocol=replace(house.wired.protocol, proofs=proofs))
    return replace(house, wired=wired, app=create_app(wired))


@pytest.mark.parametrize(
    ("rule", "proof"),
    [
        ("1: not more than one DPoP HTTP request header field", lambda device: f"{device.proof()}, {device.proof()}"),
        ("2: a single and well-formed JWT", lambda _: "not.a.jwt"),
        ("3: all required claims", lambda device: _resigned(device, jti=...)),
        ("4: typ has the value dpop+jwt", lambda device: _resigned(device, {"typ": "JWT"})),
        ("5: not none", lambda device: jwt.encode(_claims(device.proof()), None, "none", headers=_header(device))),
        ("6: the signature verifies", lambda device: _resigned(device, {"jwk": _header(KeyedDevice(device.house))})),
        ("7: no private key", lambda device: _resigned(device, {"jwk": {**_header(device)["jwk"], "d": "AA"}})),
        ("8: htm matches", lambda device: _resigned(device, htm="GET")),
        ("9: htu matches", lambda device: _resigned(device, htu=f"{ISSUER}{DEVICE_AUTHORIZATION}")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_section_4_3_what_fails_a_check_is_invalid_dpop_proof(rule: str, proof: Any, device: KeyedDevice) -> None:
    """§4.3: the checks by their numbers; §5: invalid_dpop_proof. The code is not used up."""
    code = device.approved_code()

    assert _is_refused(device.poll(code, proof(device)), "invalid_dpop_proof")
    assert device.poll(code).status_code == 200


def _header(device: KeyedDevice) -> dict[str, Any]:
    return {"typ": "dpop+jwt", "jwk": jwt.get_unverified_header(device.proof())["jwk"]}


def _resigned(device: KeyedDevice, header: dict[str, Any] | None = None, **claims: Any) -> str:
    changed = {name: value for name, value in {**_claims(device.proof()), **claims}.items() if value is not ...}
    return jwt.encode(changed, device.key._private_key, "ES256", headers={**_header(device), **(header or {})})


def test_section_4_3_htu_is_compared_after_normalization(device: KeyedDevice) -> None:
    """§4.3: servers SHOULD normalize by syntax and by scheme, and ignore query and fragment."""
    code = device.approved_code()

    assert device.poll(code, _resigned(device, htu=f"HTTP://127.0.0.1:8001{TOKEN}?page=1#top")).status_code == 200


@pytest.mark.parametrize("seconds", [-301, -86_400, 61, 86_400])
def test_section_4_3_the_creation_time_is_within_an_acceptable_window(seconds: int, device: KeyedDevice) -> None:
    """§4.3 check 11; §8: the client is told how to go on."""
    device.clock_ahead = timedelta(seconds=seconds)

    answer = device.ask()

    assert _is_refused(answer, "use_dpop_nonce")
    assert answer.headers["DPoP-Nonce"]


def test_section_5_token_type_is_dpop_and_the_access_token_is_bound(device: KeyedDevice) -> None:
    """§5: "A token_type of DPoP MUST be included"; §6.1: cnf with the jkt."""
    answer = device.tokens()

    assert answer["token_type"] == "DPoP"
    assert _claims(answer["access_token"])["cnf"] == {"jkt": device.key.jkt}


def test_section_5_without_a_proof_the_tokens_are_bearer_tokens(house: House) -> None:
    """§5: a client that sends no proof gets a token of another type."""
    answer = house.tokens()

    assert answer["token_type"] == "Bearer"
    assert "cnf" not in _claims(answer["access_token"])


def test_section_5_the_refresh_token_of_a_public_client_is_bound(device: KeyedDevice) -> None:
    """§5: its refresh token MUST be bound to the key, and each refresh MUST come with a proof of that same key."""
    refresh_token = device.tokens()["refresh_token"]

    assert _is_refused(device.house.refresh(refresh_token), "invalid_grant")
    assert _is_refused(KeyedDevice(device.house).refresh(refresh_token), "invalid_grant")
    refreshed = device.refresh(refresh_token)
    assert refreshed.status_code == 200
    assert refreshed.json["token_type"] == "DPoP"
    assert _claims(refreshed.json["access_token"])["cnf"] == {"jkt": device.key.jkt}


def test_section_5_client_credentials_give_a_bound_token(house: House) -> None:
    """§5: a proof is taken with every grant type."""
    key = DpopKey.generate()
    form = {"grant_type": CLIENT_CREDENTIALS, "client_id": "scripts", "client_secret": house.client_secret}

    answer = house.post(TOKEN, form, headers={"DPoP": key.proof("POST", ISSUER + TOKEN, house.clock())})

    assert answer.status_code == 200
    assert answer.json["token_type"] == "DPoP"
    assert _claims(answer.json["access_token"])["cnf"] == {"jkt": key.jkt}


def test_section_5_client_credentials_with_a_bad_proof_give_nothing(house: House) -> None:
    form = {"grant_type": CLIENT_CREDENTIALS, "client_id": "scripts", "client_secret": house.client_secret}

    assert _is_refused(house.post(TOKEN, form, headers={"DPoP": "a.b.c"}), "invalid_dpop_proof")


def test_section_5_1_the_metadata_names_the_algorithms(house: House) -> None:
    """§5.1: dpop_signing_alg_values_supported."""
    document = house.web().get("/.well-known/oauth-authorization-server", base_url=ISSUER).json

    assert document["dpop_signing_alg_values_supported"] == ["ES256"]


def test_section_8_a_nonce_of_ours_heals_a_wrong_clock(device: KeyedDevice) -> None:
    """§4.3 check 11: the creation time is that of the nonce, a timestamp of the server's; days off, and it works."""
    device.clock_ahead = timedelta(days=-9)
    device.nonce = device.ask().headers["DPoP-Nonce"]

    tokens = device.tokens()

    assert device.refresh(tokens["refresh_token"]).status_code == 200


def test_section_8_a_stale_nonce_is_answered_with_a_new_one(device: KeyedDevice) -> None:
    """§8: one that is not recent enough is refused, and the answer brings the one to use."""
    device.clock_ahead = timedelta(days=1)
    device.nonce = device.ask().headers["DPoP-Nonce"]
    device.house.clock.pass_seconds(301)

    answer = device.ask()

    assert _is_refused(answer, "use_dpop_nonce")
    assert answer.headers["DPoP-Nonce"] != device.nonce


def test_section_8_a_server_that_demands_nonces_says_so_first(house: House) -> None:
    """§8: error use_dpop_nonce, with one nonce in the header DPoP-Nonce."""
    device = KeyedDevice(_demanding(house))
    answer = device.ask()

    assert _is_refused(answer, "use_dpop_nonce")
    assert len(answer.headers.getlist("DPoP-Nonce")) == 1
    assert answer.headers["Cache-Control"] == "no-store"
    device.nonce = answer.headers["DPoP-Nonce"]
    assert device.ask().status_code == 200


def test_section_8_2_each_answer_brings_the_next_nonce_where_they_are_demanded(house: House) -> None:
    """§8.2: a good answer too may bring the nonce of the next request."""
    device = KeyedDevice(_demanding(house))
    device.nonce = device.ask().headers["DPoP-Nonce"]
    tokens = device.poll(device.approved_code())
    assert len(tokens.headers.getlist("DPoP-Nonce")) == 1
    house.clock.pass_seconds(120)

    device.nonce = tokens.headers["DPoP-Nonce"]
    refreshed = device.refresh(tokens.json["refresh_token"])

    assert refreshed.status_code == 200
    assert refreshed.headers["DPoP-Nonce"] != device.nonce


def test_section_10_the_key_is_fixed_when_the_authorization_is_asked_for(device: KeyedDevice) -> None:
    """§10, here for the device authorization request: the code is of no use under another key, or none."""
    code = device.approved_code()

    assert _is_refused(device.house.poll(code), "invalid_grant")
    assert _is_refused(KeyedDevice(device.house).poll(code), "invalid_grant")
    assert device.poll(code).status_code == 200


def test_section_10_dpop_jkt_fixes_the_key_without_a_proof(house: House) -> None:
    """§10: the parameter dpop_jkt is the thumbprint of the key; a proof by another one is refused."""
    device = KeyedDevice(house)
    codes = house.ask_codes(dpop_jkt=device.key.jkt)
    house.decide(codes["user_code"])

    assert _is_refused(KeyedDevice(house).poll(codes["device_code"]), "invalid_grant")
    assert device.poll(codes["device_code"]).json["token_type"] == "DPoP"


def test_section_10_1_dpop_jkt_and_proof_must_agree(device: KeyedDevice) -> None:
    """§10.1: where both come, the request is refused unless they are of one key."""
    assert device.ask(dpop_jkt=device.key.jkt).status_code == 200
    assert _is_refused(device.ask(dpop_jkt=DpopKey.generate().jkt), "invalid_dpop_proof")


@pytest.mark.parametrize("jkt", ["x", "A" * 42, "A" * 44, "A" * 42 + "=", "A" * 42 + "é"])
def test_section_10_a_dpop_jkt_that_is_no_thumbprint_is_invalid_request(jkt: str, house: House) -> None:
    answer = house.post(DEVICE_AUTHORIZATION, {"client_id": "tillpass-pos", "dpop_jkt": jkt})

    assert _is_refused(answer, "invalid_request")


def test_section_11_1_a_proof_is_accepted_once(device: KeyedDevice) -> None:
    """§11.1: the jti is remembered for as long as its proof would be accepted."""
    first = device.tokens()["refresh_token"]
    proof = device.proof()
    second = device.refresh(first, proof).json["refresh_token"]

    assert _is_refused(device.refresh(second, proof), "invalid_dpop_proof")
    assert device.refresh(second).status_code == 200


def test_section_11_1_a_nonce_does_not_make_a_proof_good_twice(device: KeyedDevice) -> None:
    device.clock_ahead = timedelta(days=1)
    device.nonce = device.ask().headers["DPoP-Nonce"]
    proof = device.proof(DEVICE_AUTHORIZATION)

    assert device.post(DEVICE_AUTHORIZATION, {}, proof).status_code == 200
    assert _is_refused(device.post(DEVICE_AUTHORIZATION, {}, proof), "invalid_dpop_proof")
