"""RFC 7523 §2.2 and §3 with RFC 7521 §4.2: a client that shows who it is by a JWT (T09, T18, T19, T20, T21)."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from auth_service.actions.register_client import NewClient, register_client
from auth_service.actions.replace_client_keys import replace_client_keys
from auth_service.storage.recent_clients import RECENT_SECONDS
from tests.doubles.auth_house import ISSUER
from tests.doubles.signing_client import ASSERTION_TYPE, SigningClient
from wire.grant_types import CLIENT_CREDENTIALS, DEVICE_CODE, REFRESH_TOKEN
from wire.scopes import LICENSE, LICENSES_READ

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from tests.doubles.auth_house import House

TOKEN = "/oauth/token"


@pytest.fixture
def signer(house: House) -> SigningClient:
    client = SigningClient("billing", ISSUER)
    new = NewClient(
        "billing", "Billing", (CLIENT_CREDENTIALS,), (LICENSES_READ,), is_public=False, public_keys=client.public_keys()
    )
    assert register_client(house.wired.database, new, now=house.clock()) is None
    return client


def ask(house: House, form: dict[str, str], **more: Any) -> TestResponse:
    return house.post(TOKEN, {"grant_type": CLIENT_CREDENTIALS, **form}, **more)


def is_refused(answer: TestResponse) -> bool:
    """RFC 7521 §4.2.1: "the value of the "error" parameter MUST be the "invalid_client" error code"."""
    return (answer.status_code, answer.json["error"]) == (401, "invalid_client")


def test_section_2_2_an_assertion_authenticates_its_client(house: House, signer: SigningClient) -> None:
    """§2.2: client_assertion_type and client_assertion; client_id may be left out (RFC 7521 §4.2)."""
    answer = ask(house, signer.form(house.clock()))

    assert answer.status_code == 200, answer.text
    assert jwt.decode(answer.json["access_token"], options={"verify_signature": False})["sub"] == "billing"


def test_section_2_2_a_client_id_may_stand_beside_it(house: House, signer: SigningClient) -> None:
    """RFC 7521 §4.2: client_id is OPTIONAL."""
    assert ask(house, {**signer.form(house.clock()), "client_id": "billing"}).status_code == 200


def test_section_2_2_a_client_id_of_another_client_is_refused(house: House, signer: SigningClient) -> None:
    """RFC 7521 §4.2: if present, "the value of the client_id parameter MUST identify the same client" (T08)."""
    answer = ask(house, {**signer.form(house.clock()), "client_id": "scripts"})

    assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("kind", ["", "jwt", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"])
def test_section_2_2_the_assertion_type_must_be_that_of_jwts(house: House, signer: SigningClient, kind: str) -> None:
    """§2.2: the value of client_assertion_type MUST be the one registered for JWTs."""
    assert is_refused(ask(house, {**signer.form(house.clock()), "client_assertion_type": kind}))


def test_section_2_2_without_its_assertion_the_client_is_not_known(house: House, signer: SigningClient) -> None:
    """T09: who has a key must show it."""
    assert is_refused(ask(house, {"client_id": "billing"}))
    assert is_refused(ask(house, {"client_id": "billing", "client_secret": "x"}))
    assert is_refused(ask(house, {"client_id": "billing", "client_assertion_type": ASSERTION_TYPE}))


def test_section_2_2_a_second_method_beside_it_is_refused(house: House, signer: SigningClient) -> None:
    """RFC 6749 §2.3: one method in each request."""
    header = {"Authorization": "Basic " + base64.b64encode(f"scripts:{house.client_secret}".encode()).decode()}
    for answer in (
        ask(house, {**signer.form(house.clock()), "client_secret": "x"}),
        ask(house, signer.form(house.clock()), headers=header),
    ):
        assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("client_id", ["scripts", "tillpass-pos"])
def test_section_2_2_a_client_without_keys_cannot_use_it(house: House, signer: SigningClient, client_id: str) -> None:
    """T09: neither one with a secret nor a public one, whose name anybody can write."""
    form = {**signer.form(house.clock(), iss=client_id, sub=client_id), "client_id": client_id}

    assert is_refused(ask(house, form))


@pytest.mark.parametrize("path", ["/oauth/device_authorization", "/oauth/revoke"])
def test_section_2_2_a_bad_assertion_does_not_pass_for_none(house: House, signer: SigningClient, path: str) -> None:
    """RFC 7521 §4.2.1: an assertion that is not valid is invalid_client, also where a public client is named."""
    form = {**signer.form(house.clock(), iss="tillpass-pos", sub="tillpass-pos"), "client_id": "tillpass-pos"}

    assert is_refused(house.post(path, {**form, "token": "x"}))


WRONG_CLAIMS: dict[str, dict[str, Any]] = {
    "3.1 no iss": {"iss": ...},
    "3.1 another iss": {"iss": "scripts"},
    "3.2 no sub": {"sub": ...},
    "3.2 another sub": {"sub": "scripts"},
    "3.2 a sub that is no text": {"sub": 7},
    "3.3 no aud": {"aud": ...},
    "3.3 another aud": {"aud": "https://other.example"},
    "3.3 an endpoint that is none of ours": {"aud": f"{ISSUER}/oauth/authorize"},
    "3.3 an aud with a slash more": {"aud": f"{ISSUER}/"},
    "3.3 several aud": {"aud": [ISSUER, "https://other.example"]},
    "3.3 a list of one": {"aud": [ISSUER]},
    "3.4 no exp": {"exp": ...},
    "3.4 an exp that is a text": {"exp": "tomorrow"},
    "3.4 an exp that is true": {"exp": True},
    "3.4 an exp that is no number": {"exp": float("nan")},
    "3.4 an exp that never comes": {"exp": float("inf")},
    "3.5 an nbf that is a text": {"nbf": "now"},
    "3.5 an nbf that is no number": {"nbf": float("nan")},
    "3.6 an iat that is a list": {"iat": []},
    "3.7 no jti": {"jti": ...},
    "3.7 an empty jti": {"jti": ""},
    "3.7 a jti that is a number": {"jti": 7},
    "3.7 a jti without end": {"jti": "j" * 257},
}


@pytest.mark.parametrize("claims", WRONG_CLAIMS.values(), ids=WRONG_CLAIMS.keys())
def test_section_3_a_claim_that_is_missing_or_wrong(
    house: House, signer: SigningClient, claims: dict[str, Any]
) -> None:
    """§3: iss, sub, aud and exp are REQUIRED; RFC 8725 §3.9 for the audience (T22)."""
    assert is_refused(ask(house, signer.form(house.clock(), **claims)))


@pytest.mark.parametrize("audience", [ISSUER, f"{ISSUER}/oauth/token"])
def test_section_3_3_the_issuer_and_the_token_endpoint_are_our_names(
    house: House, signer: SigningClient, audience: str
) -> None:
    """§3, point 3: "The token endpoint URL of the authorization server MAY be used as a value"."""
    assert ask(house, signer.form(house.clock(), aud=audience)).status_code == 200


@pytest.mark.parametrize(("name", "seconds"), [("exp", -31), ("exp", 331), ("nbf", 31), ("iat", 31)], ids=str)
def test_section_3_4_to_6_outside_its_time_it_is_refused(
    house: House, signer: SigningClient, name: str, seconds: int
) -> None:
    """§3: MUST be rejected after exp and before nbf; "unreasonably far in the future" MAY be rejected."""
    at = int(house.clock().timestamp())

    assert is_refused(ask(house, signer.form(house.clock(), **{name: at + seconds})))


@pytest.mark.parametrize(("name", "seconds"), [("exp", -29), ("exp", 329), ("nbf", 29), ("iat", 29)])
def test_section_3_4_clocks_may_differ_by_half_a_minute(
    house: House, signer: SigningClient, name: str, seconds: int
) -> None:
    """§3, points 4 and 5: "subject to allowable clock skew" (F41)."""
    at = int(house.clock().timestamp())

    assert ask(house, signer.form(house.clock(), **{name: at + seconds})).status_code == 200


def test_section_3_7_an_assertion_counts_once(house: House, signer: SigningClient) -> None:
    """§3, point 7: the server ensures that "JWTs are not replayed"."""
    form = signer.form(house.clock())

    assert ask(house, form).status_code == 200
    assert is_refused(ask(house, form))


def test_section_3_7_an_assertion_counts_once_at_all_endpoints(house: House, signer: SigningClient) -> None:
    """§3, point 7: what opened one endpoint opens no other."""
    form = signer.form(house.clock())
    assert house.post("/oauth/revoke", {**form, "token": "x"}).status_code == 200

    assert is_refused(ask(house, form))


def test_section_3_7_without_redis_an_assertion_still_counts_once(house: House, signer: SigningClient) -> None:
    """F19: with Redis away the process remembers by itself, never nothing."""
    house.redis_server.connected = False
    form = signer.form(house.clock())

    assert ask(house, form).status_code == 200
    assert is_refused(ask(house, form))
    assert ask(house, signer.form(house.clock())).status_code == 200


def test_section_3_7_one_client_cannot_use_up_the_names_of_another(house: House, signer: SigningClient) -> None:
    """Two clients may choose the same jti."""
    other = SigningClient("other", ISSUER)
    new = NewClient(
        "other", "Other", (CLIENT_CREDENTIALS,), (LICENSES_READ,), is_public=False, public_keys=other.public_keys()
    )
    register_client(house.wired.database, new, now=house.clock())

    assert ask(house, other.form(house.clock(), jti="1")).status_code == 200
    assert ask(house, signer.form(house.clock(), jti="1")).status_code == 200


def test_section_3_9_a_signature_of_another_key_is_refused(house: House, signer: SigningClient) -> None:
    """§3, point 9: "MUST reject JWTs with an invalid signature" (T19)."""
    thief = SigningClient("billing", ISSUER)

    assert is_refused(ask(house, thief.form(house.clock())))


def test_section_3_9_an_unsigned_assertion_is_refused(house: House, signer: SigningClient) -> None:
    """T19: "none"."""
    payload = jwt.decode(signer.assertion(house.clock()), options={"verify_signature": False})
    unsigned = jwt.encode(payload, None, algorithm="none", headers={"kid": signer.kid})

    assert is_refused(ask(house, {"client_assertion_type": ASSERTION_TYPE, "client_assertion": unsigned}))


def test_section_3_9_a_mac_under_the_public_key_is_refused(house: House, signer: SigningClient) -> None:
    """T19: HS256 with what everybody knows."""
    payload = jwt.decode(signer.assertion(house.clock()), options={"verify_signature": False})
    forged = jwt.encode(payload, signer.public_member()["x"], algorithm="HS256", headers={"kid": signer.kid})

    assert is_refused(ask(house, {"client_assertion_type": ASSERTION_TYPE, "client_assertion": forged}))


@pytest.mark.parametrize(
    "headers",
    [
        {"kid": ...},
        {"kid": "key-2"},
        {"kid": "../key-1"},
        {"jwk": SigningClient("billing", ISSUER).public_member()},
        {"jku": "https://evil.example/keys"},
        {"crit": ["x"], "x": 1},
        {"typ": "at+jwt"},
        {"typ": "license+jwt"},
        {"typ": "dpop+jwt"},
    ],
    ids=lambda headers: next(iter(headers)),
)
def test_section_3_10_a_header_that_steers_is_refused(
    house: House, signer: SigningClient, headers: dict[str, Any]
) -> None:
    """§3, point 10, with RFC 8725 §3.10, §3.11 (T20, T21)."""
    assert is_refused(ask(house, signer.form(house.clock(), headers)))


@pytest.mark.parametrize("typ", [..., "JWT", "jwt", "client-authentication+jwt"])
def test_section_3_10_these_types_are_taken(house: House, signer: SigningClient, typ: object) -> None:
    """RFC 7523 asks for no type; its successor names one."""
    assert ask(house, signer.form(house.clock(), {"typ": typ})).status_code == 200


@pytest.mark.parametrize("text", ["x", "a.b.c", "a.b.c.d", "ä.b.c", "." * 5000, "e30.e30.e30"])
def test_section_3_10_what_is_no_jwt_is_refused(house: House, signer: SigningClient, text: str) -> None:
    """§3, point 10: "MUST reject a JWT that is not valid in all other respects"."""
    assert is_refused(ask(house, {"client_assertion_type": ASSERTION_TYPE, "client_assertion": text}))


def test_section_3_1_every_refusal_is_the_same_answer(house: House, signer: SigningClient) -> None:
    """T16: which rule was broken is for our log, not for who tries."""
    answers = [
        ask(house, signer.form(house.clock(), aud="x")),
        ask(house, signer.form(house.clock(), {"kid": "unknown"})),
        ask(house, SigningClient("nobody", ISSUER).form(house.clock())),
        ask(house, {"client_id": "nobody"}),
    ]

    assert len({answer.text for answer in answers}) == 1
    assert all(is_refused(answer) for answer in answers)


@pytest.mark.parametrize("path", ["/oauth/device_authorization", "/oauth/token", "/oauth/revoke", "/oauth/introspect"])
def test_who_has_a_key_shows_it_at_every_endpoint(house: House, path: str) -> None:
    """T09: device authorization, token, revocation and introspection alike."""
    keys = SigningClient("kiosk", ISSUER)
    new = NewClient(
        "kiosk", "K", (DEVICE_CODE, REFRESH_TOKEN), (LICENSE,), is_public=False, public_keys=keys.public_keys()
    )
    register_client(house.wired.database, new, now=house.clock())
    form = {"client_id": "kiosk", "grant_type": DEVICE_CODE, "device_code": "x", "token": "x"}

    assert is_refused(house.post(path, form))
    assert house.post(path, {**form, **keys.form(house.clock())}).status_code != 401


def test_a_device_client_with_a_key_shows_it_at_every_poll_and_refresh(house: House) -> None:
    """T09, T08: the whole flow of a confidential device client; a stolen code or token alone is worth nothing."""
    keys = SigningClient("kiosk", ISSUER)
    new = NewClient(
        "kiosk", "K", (DEVICE_CODE, REFRESH_TOKEN), (LICENSE,), is_public=False, public_keys=keys.public_keys()
    )
    register_client(house.wired.database, new, now=house.clock())
    codes = house.post("/oauth/device_authorization", keys.form(house.clock())).json
    poll = {"grant_type": DEVICE_CODE, "device_code": codes["device_code"]}
    house.decide(codes["user_code"])

    assert is_refused(house.post(TOKEN, {**poll, "client_id": "kiosk"}))
    assert house.poll(codes["device_code"]).json["error"] == "invalid_grant"
    tokens = house.post(TOKEN, {**poll, **keys.form(house.clock())}).json
    refresh = {"grant_type": REFRESH_TOKEN, "refresh_token": tokens["refresh_token"]}
    assert is_refused(house.post(TOKEN, {**refresh, "client_id": "kiosk"}))
    assert house.post(TOKEN, {**refresh, **keys.form(house.clock())}).status_code == 200


def test_a_client_with_a_key_gets_its_grants_and_scopes_only(house: House, signer: SigningClient) -> None:
    """T18."""
    other_grant = house.post(
        TOKEN, {"grant_type": REFRESH_TOKEN, "refresh_token": "x", **signer.form(house.clock())}
    ).json
    other_scope = ask(house, {**signer.form(house.clock()), "scope": "licenses.write"}).json

    assert (other_grant["error"], other_scope["error"]) == ("unauthorized_client", "invalid_scope")


def test_replaced_keys_count_no_more_within_seconds(house: House, signer: SigningClient) -> None:
    """A key that leaked is replaced; both may stand beside each other while the client changes."""
    successor = SigningClient("billing", ISSUER, kid="key-2", key=ec.generate_private_key(ec.SECP256R1()))
    both = json.dumps({"keys": [signer.public_member(), successor.public_member()]})
    replace_client_keys(house.wired.database, "billing", both, now=house.clock())
    assert ask(house, signer.form(house.clock())).status_code == 200
    assert ask(house, successor.form(house.clock())).status_code == 200

    replace_client_keys(house.wired.database, "billing", successor.public_keys(), now=house.clock())
    house.wired.protocol.clients._monotonic = lambda: float(10**9) + RECENT_SECONDS

    assert is_refused(ask(house, signer.form(house.clock())))
    assert ask(house, successor.form(house.clock())).status_code == 200
