"""RFC 7662, token introspection: §2.1, §2.2, §2.3 and §4 (T09, T16, T21, T22, T28, T33)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jwt
import pytest

from auth_service.actions.register_client import NewClient, register_client
from auth_service.actions.remove_license import remove_license
from auth_service.actions.switch_client import switch_client
from auth_service.domain.errors import BadInputError
from auth_service.domain.operator import Membership, Role
from auth_service.outbound.license_api import CLIENT_ID
from database.errors import DatabaseUnavailableError
from tests.doubles.auth_house import ISSUER
from tests.doubles.keyed_device import KeyedDevice
from tests.doubles.resource_server import ResourceServer
from wire.grant_types import CLIENT_CREDENTIALS
from wire.scopes import AUTH_AUDIENCE, ENTITLEMENTS, EVERY_AUDIENCE, LICENSE_AUDIENCE, NOTIFY_AUDIENCE, POS_AUDIENCE

if TYPE_CHECKING:
    from tests.doubles.auth_house import House

INACTIVE = {"active": False}


@pytest.fixture
def server(house: House) -> ResourceServer:
    return ResourceServer.of(house, LICENSE_AUDIENCE)


@pytest.fixture
def all_seeing(house: House) -> ResourceServer:
    return ResourceServer.of(house, *EVERY_AUDIENCE, client_id="all-seeing")


def service_token(house: House) -> str:
    form = {"grant_type": CLIENT_CREDENTIALS, "client_id": "scripts", "client_secret": house.client_secret}
    token: str = house.post("/oauth/token", form).json["access_token"]
    return token


def claims_of(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def membership(house: House) -> Membership:
    return Membership(house.organization_id, "Bakery", Role.OWNER)


def test_section_2_1_only_post_is_taken(house: House) -> None:
    """§2.1: "The protected resource calls the introspection endpoint using an HTTP POST request" (T50)."""
    assert house.web().get("/oauth/introspect", base_url=ISSUER).status_code == 405


def test_section_2_1_the_token_parameter_is_required(server: ResourceServer) -> None:
    """§2.1: token is REQUIRED."""
    answer = server.ask("")

    assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("hint", ["refresh_token", "access_token", "colour"])
def test_section_2_1_a_wrong_hint_does_not_hide_the_token(house: House, server: ResourceServer, hint: str) -> None:
    """§2.1: the server "MUST extend its search across all of its supported token types"."""
    assert server.introspect(house.tokens()["access_token"], token_type_hint=hint)["active"]


def test_section_2_1_without_authentication_nothing_is_told(house: House) -> None:
    """§2.1: the endpoint "MUST also require some form of authorization" against token scanning (T09)."""
    token = house.tokens()["access_token"]

    for form in ({}, {"client_id": "scripts"}, {"client_id": "tillpass-pos"}):
        answer = house.post("/oauth/introspect", {"token": token, **form})
        assert (answer.status_code, answer.json["error"]) == (401, "invalid_client")


def test_section_2_1_a_client_that_was_not_registered_for_it_is_refused(house: House) -> None:
    """§4: who may ask is a matter of registration (T18)."""
    form = {"token": service_token(house), "client_id": "scripts", "client_secret": house.client_secret}

    answer = house.post("/oauth/introspect", form)

    assert (answer.status_code, answer.json["error"]) == (403, "unauthorized_client")


def test_section_2_1_a_public_client_cannot_be_registered_for_it(house: House) -> None:
    """§4: a name that anyone can write is no authorization."""
    new = NewClient("open", "Open", (), (), is_public=True, introspects=(LICENSE_AUDIENCE,))

    with pytest.raises(BadInputError, match="public client"):
        register_client(house.wired.database, new, now=house.clock())


def test_section_2_2_a_device_s_access_token_is_described(house: House, server: ResourceServer) -> None:
    """§2.2: active is REQUIRED; scope, client_id, token_type, exp, iat, sub, aud, iss, jti are told."""
    token = house.tokens()["access_token"]

    assert server.introspect(token) == {"active": True, "token_type": "Bearer", **claims_of(token)}
    assert claims_of(token)["sub"] == house.device_id


def test_section_2_2_a_service_s_access_token_is_described(house: House, server: ResourceServer) -> None:
    """§2.2."""
    token = service_token(house)

    assert server.introspect(token) == {"active": True, "token_type": "Bearer", **claims_of(token)}


@pytest.mark.parametrize(
    ("audience", "kind"),
    [(LICENSE_AUDIENCE, "access_token"), (POS_AUDIENCE, "license_token"), (AUTH_AUDIENCE, "refresh_token")],
)
def test_section_2_2_a_bound_token_names_its_key(house: House, audience: str, kind: str) -> None:
    """RFC 9449 §6.2: cnf with the jkt, and token_type DPoP, so that the resource server asks for the proof (T15)."""
    device = KeyedDevice(house)
    token = device.tokens()[kind]

    answer = ResourceServer.of(house, audience).introspect(token)

    assert answer["cnf"] == {"jkt": device.key.jkt}
    assert answer.get("token_type") == ("DPoP" if kind == "access_token" else None)


def test_section_2_2_our_own_service_s_token_is_described(house: House, server: ResourceServer) -> None:
    """auth_service calls the others with tokens of its own, and is registered nowhere."""
    token = house.wired.protocol.issuer.service_token(CLIENT_ID, ENTITLEMENTS, house.clock())

    assert server.introspect(token)["client_id"] == CLIENT_ID


def test_section_2_2_a_license_token_is_described(house: House) -> None:
    """§2.2, to who may know of the tokens that POS servers check."""
    token = house.tokens()["license_token"]
    server = ResourceServer.of(house, POS_AUDIENCE)

    assert server.introspect(token) == {"active": True, **claims_of(token)}


def test_section_2_2_a_refresh_token_is_described(house: House) -> None:
    """§2.2, to who may know of the authorization server's own."""
    token = house.tokens()["refresh_token"]

    answer = ResourceServer.of(house, AUTH_AUDIENCE).introspect(token)

    assert answer["active"]
    assert (answer["sub"], answer["client_id"], answer["scope"]) == (house.device_id, "tillpass-pos", "license")
    assert answer["iat"] == int(house.clock().timestamp()) < answer["exp"]


@pytest.mark.parametrize("token", ["x", "a.b.c", "A" * 91, "ä", "e30.e30.e30", ".." * 5000], ids=lambda text: text[:8])
def test_section_2_2_what_is_no_token_of_ours_is_not_active(all_seeing: ResourceServer, token: str) -> None:
    """§2.2: "SHOULD NOT include any additional information about an inactive token, including why" (T16)."""
    assert all_seeing.introspect(token) == INACTIVE


@pytest.mark.parametrize("kind", ["access_token", "license_token"])
def test_section_4_a_wrong_signature_is_not_active(house: House, all_seeing: ResourceServer, kind: str) -> None:
    """§4: "If the token has been signed, the authorization server MUST validate the signature" (T19)."""
    header, payload, signature = house.tokens()[kind].split(".")
    changed = ("A" if signature[10] != "A" else "B").join([signature[:10], signature[11:]])

    assert all_seeing.introspect(f"{header}.{payload}.{changed}") == INACTIVE


@pytest.mark.parametrize(
    ("kind", "seconds"), [("access_token", 600), ("license_token", 8 * 86400), ("refresh_token", 5 * 365 * 86400)]
)
def test_section_4_an_expired_token_is_not_active(
    house: House, all_seeing: ResourceServer, kind: str, seconds: int
) -> None:
    """§4: "the authorization server MUST determine whether or not the token has expired", to the second (T26)."""
    token = house.tokens()[kind]
    house.clock.pass_seconds(seconds - 1)
    assert all_seeing.introspect(token)["active"]

    house.clock.pass_seconds(1)

    assert all_seeing.introspect(token) == INACTIVE


@pytest.mark.parametrize("kind", ["access_token", "license_token", "refresh_token"])
def test_section_4_a_token_of_an_ended_grant_is_not_active(house: House, all_seeing: ResourceServer, kind: str) -> None:
    """§4: "MUST determine whether or not such a revocation has taken place"; at once (T28)."""
    token = house.tokens()[kind]
    assert all_seeing.introspect(token)["active"]

    remove_license(
        house.wired.database, house.device_id, membership(house), operator_id=house.operator_id, now=house.clock()
    )

    assert all_seeing.introspect(token) == INACTIVE


@pytest.mark.parametrize("kind", ["access_token", "license_token", "refresh_token"])
def test_section_4_a_token_of_before_a_new_authorization_is_not_active(
    house: House, all_seeing: ResourceServer, kind: str
) -> None:
    """§4: the device's new grant does not speak for the machine that held the one before (T28)."""
    before = house.tokens()[kind]
    house.clock.pass_seconds(2)

    after = house.tokens()[kind]

    assert all_seeing.introspect(before) == INACTIVE
    assert all_seeing.introspect(after)["active"]


def test_section_4_a_used_refresh_token_is_not_active(house: House, all_seeing: ResourceServer) -> None:
    """§4: only the live token of a family can be used; to ask ends nothing (T23)."""
    first = house.tokens()["refresh_token"]
    second = house.refresh(first).json["refresh_token"]

    assert all_seeing.introspect(first) == INACTIVE
    assert all_seeing.introspect(second)["active"]
    assert house.refresh(second).status_code == 200


def test_section_4_the_tokens_of_a_disabled_client_are_not_active(house: House, all_seeing: ResourceServer) -> None:
    """T28: whom nothing is issued to any more is believed no more either."""
    token = service_token(house)
    switch_client(house.wired.database, "scripts", on=False, now=house.clock())
    house.wired.protocol.clients._found.clear()

    assert all_seeing.introspect(token) == INACTIVE


@pytest.mark.parametrize("audience", EVERY_AUDIENCE)
def test_section_4_a_resource_server_learns_of_its_own_audience_only(house: House, audience: str) -> None:
    """§4 and §2.2: a token "the protected resource is not allowed to know about" is not active (T22)."""
    tokens = house.tokens()
    shown = {
        LICENSE_AUDIENCE: tokens["access_token"],
        POS_AUDIENCE: tokens["license_token"],
        AUTH_AUDIENCE: tokens["refresh_token"],
    }
    server = ResourceServer.of(house, audience)

    found = {of: server.introspect(token)["active"] for of, token in shown.items()}

    assert found == {of: of == audience for of in shown}


def test_section_4_a_token_for_two_audiences_is_known_to_both(house: House) -> None:
    """§4: the token of the house's scripts opens license_service and notify_service."""
    token = service_token(house)

    for audience in (LICENSE_AUDIENCE, NOTIFY_AUDIENCE):
        assert ResourceServer.of(house, audience, client_id=f"of-{audience}").introspect(token)["active"]


def test_section_4_the_answer_is_kept_by_nobody(house: House, server: ResourceServer) -> None:
    """§4 leaves caching to the resource server; what is on the way keeps nothing (T33)."""
    for token in (house.tokens()["access_token"], "x"):
        assert server.ask(token).headers["Cache-Control"] == "no-store"


def test_section_2_2_the_answer_is_json(house: House, server: ResourceServer) -> None:
    """§2.2: "a JSON object in "application/json" format"."""
    answer = server.ask(house.tokens()["access_token"], {"Accept": "application/json"})

    assert answer.content_type == "application/json"
    assert json.loads(answer.data)["active"] is True


def test_section_2_3_wrong_credentials_are_invalid_client(house: House, server: ResourceServer) -> None:
    """§2.3: 401 as in RFC 6749 §5.2 (T09)."""
    wrong = ResourceServer(house, server.client_id, "wrong")

    assert (wrong.ask("x").status_code, wrong.ask("x").json["error"]) == (401, "invalid_client")


def test_section_2_3_our_trouble_is_503_and_never_inactive(
    house: House, server: ResourceServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A resource server must not take an outage for a revocation (F28)."""
    token = house.tokens()["access_token"]
    assert server.introspect(token)["active"]

    def away(*_: object, **__: object) -> None:
        raise DatabaseUnavailableError("The database does not answer.")

    monkeypatch.setattr("auth_service.actions.introspect_token.is_access_token_live", away)
    answer = server.ask(token)

    assert (answer.status_code, answer.json["error"]) == (503, "temporarily_unavailable")


def test_section_4_redis_has_no_part_in_it(house: House, server: ResourceServer) -> None:
    """F19: whether a token is active is told from SQL and the keys alone."""
    token = house.tokens()["access_token"]
    house.redis_server.connected = False

    assert server.introspect(token)["active"]
