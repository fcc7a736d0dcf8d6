"""OAuth 2.0 security best current practice (RFC 9700): what concerns a server without redirects (§2, §4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jwt
import pytest

from auth_service.actions.register_client import NewClient, register_client
from auth_service.domain.errors import BadInputError
from auth_service.domain.grant import ACCESS_TOKEN_SECONDS, RACE_SECONDS
from tests.doubles.auth_house import ISSUER, PASSWORD, Visitor
from tests.doubles.keyed_device import KeyedDevice
from wire.grant_types import CLIENT_CREDENTIALS, DEVICE_CODE, REFRESH_TOKEN
from wire.scopes import LICENSE, LICENSES_READ

if TYPE_CHECKING:
    from tests.doubles.auth_house import House


def _claims(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def _metadata(house: House) -> dict[str, Any]:
    document: dict[str, Any] = house.web().get("/.well-known/oauth-authorization-server", base_url=ISSUER).json
    return document


def test_section_2_1_2_no_token_is_given_in_a_redirect(house: House) -> None:
    """§2.1.2: there is no authorization endpoint, so no implicit grant either (T18)."""
    document = _metadata(house)

    assert "authorization_endpoint" not in document
    assert (document["response_types_supported"], "implicit" in document["grant_types_supported"]) == ([], False)


def test_section_2_2_1_access_tokens_are_bound_to_their_holder_and_short(house: House) -> None:
    """§2.2.1: who copied one has nothing (T15)."""
    device = KeyedDevice(house)

    claims = _claims(device.tokens()["access_token"])

    assert claims["cnf"] == {"jkt": device.key.jkt}
    assert claims["exp"] - claims["iat"] == ACCESS_TOKEN_SECONDS <= 600


def test_section_2_2_2_a_public_clients_refresh_token_is_rotated(house: House) -> None:
    """§2.2.2, §4.14.2: each use gives another, which ends the one before (T23)."""
    first = house.tokens()["refresh_token"]
    second = house.refresh(first).json["refresh_token"]
    third = house.refresh(second).json["refresh_token"]
    house.clock.pass_seconds(RACE_SECONDS + 1)

    assert len({first, second, third}) == 3
    assert house.refresh(second).status_code == 400


def test_section_2_2_2_and_bound_where_the_device_has_a_key(house: House) -> None:
    """§2.2.2: the live token is of no use to who lacks the key, and whoever tries harms nobody (T15)."""
    device = KeyedDevice(house)
    token = device.tokens()["refresh_token"]

    assert house.refresh(token).json["error"] == "invalid_grant"
    assert KeyedDevice(house).refresh(token).json["error"] == "invalid_grant"
    assert device.refresh(token).status_code == 200


def test_section_2_3_a_token_says_no_more_than_it_is_for(house: House) -> None:
    """§2.3: one service and one device; what is asked of it is no more than its scope (T22)."""
    claims = _claims(house.tokens()["access_token"])

    assert (claims["aud"], claims["scope"], claims["sub"]) == (["license_service"], "license", house.device_id)


@pytest.mark.parametrize("grant_type", ["password", "implicit", "authorization_code"])
def test_section_2_4_no_grant_takes_a_password(house: House, grant_type: str) -> None:
    """§2.4: the grant that shows a person's password to a client is not offered (T18)."""
    answer = house.post(
        "/oauth/token",
        {"grant_type": grant_type, "client_id": "tillpass-pos", "username": "owner@example.com", "password": PASSWORD},
    )

    assert (answer.status_code, answer.json["error"]) == (400, "unsupported_grant_type")
    assert grant_type not in _metadata(house)["grant_types_supported"]


def test_section_2_5_clients_can_authenticate_by_a_key_of_their_own(house: House) -> None:
    """§2.5: and are told so first."""
    assert _metadata(house)["token_endpoint_auth_methods_supported"][0] == "private_key_jwt"


def test_section_2_6_the_metadata_says_what_keeps_tokens_safe(house: House) -> None:
    """§2.6: a client can find DPoP and PKCE by itself."""
    document = _metadata(house)

    assert document["dpop_signing_alg_values_supported"] == ["ES256"]
    assert document["code_challenge_methods_supported"] == ["S256"]


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/sign-in", {"email": "owner@example.com", "password": PASSWORD}),
        ("/sign-in?next=/activate", {"email": "owner@example.com", "password": PASSWORD}),
    ],
)
def test_section_4_12_credentials_are_never_sent_on_by_a_redirect(
    house: House, path: str, form: dict[str, str]
) -> None:
    """§4.12: 303, at which a browser drops the form; never 307 or 308."""
    assert Visitor(house.web()).submit(path, **form).status_code == 303


def test_section_4_12_nor_is_a_decision(house: House) -> None:
    """§4.12: every form of the portal that leads on."""
    visitor = house.sign_in()
    house.tokens()
    led = [
        visitor.submit("/organizations", organization_id=house.organization_id),
        house.decide(house.ask_codes()["user_code"], visitor=visitor),
        visitor.submit(f"/devices/{house.device_id}/remove"),
        visitor.submit("/sign-out", token_from="/activate"),
    ]

    assert [answer.status_code for answer in led] == [303] * 4


def test_section_4_14_2_reuse_ends_the_family(house: House) -> None:
    """§4.14.2: with two holders nobody can tell the thief, so both have to ask again (T23)."""
    stolen = house.tokens()["refresh_token"]
    live = house.refresh(stolen).json["refresh_token"]
    house.clock.pass_seconds(RACE_SECONDS + 1)

    assert house.refresh(stolen).json["reason"] == "refresh_token_reused"
    assert house.refresh(live).json["reason"] == "refresh_token_reused"


def test_section_4_14_2_the_scope_stays_what_was_approved(house: House) -> None:
    """§4.14.2: a refresh token is bound to its scope and service (T27)."""
    refreshed = house.refresh(house.tokens()["refresh_token"], scope="").json

    assert refreshed["scope"] == "license"
    assert _claims(refreshed["access_token"])["aud"] == ["license_service"]


@pytest.mark.parametrize("grant_types", [(DEVICE_CODE, CLIENT_CREDENTIALS), (CLIENT_CREDENTIALS,), (REFRESH_TOKEN,)])
def test_section_4_15_no_client_can_look_like_a_device(house: House, grant_types: tuple[str, ...]) -> None:
    """§4.15: what is for devices and what is for services is never registered for one client (T18)."""
    scopes = (LICENSES_READ,) if grant_types == (REFRESH_TOKEN,) else (LICENSE,)
    new = NewClient("both", "Both", grant_types, scopes, is_public=False)

    with pytest.raises(BadInputError):
        register_client(house.wired.database, new, now=house.clock())
