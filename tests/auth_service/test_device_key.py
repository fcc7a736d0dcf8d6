"""Devices that hold a key, and those who stole what is not the key (T15, T23, T61)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import jwt
import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from auth_service.app import create_app
from auth_service.domain.grant import RACE_SECONDS
from auth_service.wiring import wire_up
from tests.doubles.keyed_device import KeyedDevice

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from tests.doubles.auth_house import House


@pytest.fixture
def device(house: House) -> KeyedDevice:
    return KeyedDevice(house)


def _refusal(answer: TestResponse) -> tuple[int, str, str | None]:
    return answer.status_code, answer.json["error"], answer.json.get("reason")


def _requiring(house: House) -> House:
    wired = replace(house.wired, protocol=replace(house.wired.protocol, dpop_required=True))
    return replace(house, wired=wired, app=create_app(wired))


def test_stolen_device_code_is_of_no_use_without_the_key(device: KeyedDevice) -> None:
    """T15: nor does the thief use it up."""
    code = device.approved_code()

    assert _refusal(device.house.poll(code))[:2] == (400, "invalid_grant")
    assert _refusal(KeyedDevice(device.house).poll(code))[:2] == (400, "invalid_grant")
    assert device.poll(code).status_code == 200


def test_copied_token_file_does_not_refresh_under_another_key(device: KeyedDevice) -> None:
    """T61, T15: the thief learns nothing and harms nobody; the device goes on."""
    stolen = device.tokens()["refresh_token"]
    thief = KeyedDevice(device.house)

    assert _refusal(thief.refresh(stolen)) == (400, "invalid_grant", None)
    assert _refusal(device.house.refresh(stolen)) == (400, "invalid_grant", None)
    assert device.refresh(stolen).status_code == 200


def test_token_that_was_used_ends_its_family_when_another_key_shows_it(device: KeyedDevice) -> None:
    """T23: within thirty seconds too, as the device itself would prove its key."""
    first = device.tokens()["refresh_token"]
    second = device.refresh(first).json["refresh_token"]

    assert _refusal(KeyedDevice(device.house).refresh(first))[2] == "refresh_token_reused"
    assert _refusal(device.refresh(second))[2] == "refresh_token_reused"


def test_lost_answer_is_given_again_to_the_same_key(device: KeyedDevice) -> None:
    """T25: with a new proof, since each is made for one request."""
    code = device.approved_code()
    lost = device.poll(code).json
    device.house.clock.pass_seconds(RACE_SECONDS)

    assert device.poll(code).json["refresh_token"] == lost["refresh_token"]


def test_license_token_names_the_key(device: KeyedDevice) -> None:
    """T61: a peer that asks for a proof can tell a copy."""
    license_token = device.tokens()["license_token"]

    assert jwt.decode(license_token, options={"verify_signature": False})["cnf"] == {"jkt": device.key.jkt}


def test_grant_is_bound_to_the_key_that_is_first_proven_at_the_redeem(house: House) -> None:
    """The request named no key; the tokens are bound all the same."""
    device = KeyedDevice(house)
    codes = house.ask_codes()
    house.decide(codes["user_code"])

    tokens = device.poll(codes["device_code"]).json

    assert tokens["token_type"] == "DPoP"
    assert _refusal(house.refresh(tokens["refresh_token"]))[1] == "invalid_grant"
    assert device.refresh(tokens["refresh_token"]).status_code == 200


def test_grant_without_a_key_stays_without_one(house: House) -> None:
    """A device that got its license before it had a key goes on; its key comes with the next authorization."""
    tokens = house.tokens()

    refreshed = KeyedDevice(house).refresh(tokens["refresh_token"]).json

    assert refreshed["token_type"] == "Bearer"
    assert house.refresh(refreshed["refresh_token"]).status_code == 200


def test_pending_poll_does_not_look_at_its_proof(device: KeyedDevice) -> None:
    """T14: what is answered most often must cost least; the proof counts when there is something to get."""
    code = device.ask().json["device_code"]

    assert device.poll(code, "no proof at all").json["error"] == "authorization_pending"


def test_made_up_codes_and_tokens_fill_no_memory(device: KeyedDevice) -> None:
    """T17: proofs are verified, and remembered, only for who has a code or token of ours."""
    assert device.poll("made-up").json["error"] == "invalid_grant"
    assert device.refresh("made-up").json["error"] == "invalid_grant"
    assert device.house.redis.keys("dpop:*") == []


def test_while_redis_is_away_a_proof_is_still_good_only_once(device: KeyedDevice) -> None:
    """F19."""
    token = device.tokens()["refresh_token"]
    device.house.redis_server.connected = False
    proof = device.proof()

    refreshed = device.refresh(token, proof)

    assert refreshed.status_code == 200
    assert _refusal(device.refresh(refreshed.json["refresh_token"], proof))[1] == "invalid_dpop_proof"
    with pytest.raises(RedisConnectionError):
        device.house.redis.ping()


def test_memory_that_cannot_say_is_answered_with_503(device: KeyedDevice, monkeypatch: pytest.MonkeyPatch) -> None:
    """Full, and without Redis: never let through unseen."""
    token = device.tokens()["refresh_token"]
    device.house.redis_server.connected = False
    monkeypatch.setattr(device.house.wired.protocol.proofs.memory._fallback, "_most", 0)

    answer = device.refresh(token)

    assert (answer.status_code, answer.json["error"]) == (503, "temporarily_unavailable")
    assert answer.headers["Retry-After"] == "5"


def test_device_without_a_key_is_told_so_where_one_is_demanded(house: House) -> None:
    strict = _requiring(house)

    answer = strict.post("/oauth/device_authorization", {"client_id": "tillpass-pos"})

    assert _refusal(answer)[:2] == (400, "invalid_dpop_proof")
    assert "Send a DPoP proof" in answer.json["error_description"]
    assert KeyedDevice(strict).tokens()["token_type"] == "DPoP"
    assert strict.ask_codes(dpop_jkt=KeyedDevice(strict).key.jkt)["device_code"]


def test_demanding_keys_logs_out_nobody(house: House) -> None:
    """What was authorized without one refreshes on."""
    tokens = house.tokens()

    assert _requiring(house).refresh(tokens["refresh_token"]).status_code == 200


def test_device_whose_clock_is_years_off_is_authorized(device: KeyedDevice) -> None:
    """T60: with the nonce that the first answer brings."""
    device.clock_ahead = timedelta(days=-3650)
    device.nonce = device.ask().headers["DPoP-Nonce"]

    assert device.tokens()["token_type"] == "DPoP"


@pytest.mark.parametrize("demanded", [False, True])
def test_settings_reach_the_endpoints(demanded: bool, house: House) -> None:  # noqa: FBT001 - parametrized
    chosen = replace(house.wired.settings, require_dpop=demanded, dpop_nonce="required" if demanded else "offered")

    protocol = wire_up(chosen).protocol

    assert (protocol.dpop_required, protocol.proofs.nonce_required) == (demanded, demanded)
