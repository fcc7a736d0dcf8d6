"""The guard of a route (RFC 6750 §2.1, §3; T19, T22, T27)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from flask.testing import FlaskClient

# RFC 6750 §3: error_description holds %x20-21 / %x23-5B / %x5D-7E.
CHALLENGE = re.compile(r'Bearer error="invalid_token", error_description="[\x20-\x21\x23-\x5b\x5d-\x7e]+"')


def _get(client: FlaskClient, authorization: str) -> Any:
    return client.get("/guarded", headers={"Authorization": authorization})


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_good_token_opens_the_route(scheme: str, client: FlaskClient, forge: Any) -> None:
    """RFC 9110 §11.1: the scheme is compared without regard to case."""
    answer = _get(client, f"{scheme} {forge.access_token()}")

    assert answer.status_code == 200
    assert answer.json["sub"] == "device-1"


def test_spaces_around_the_token_are_no_part_of_it(client: FlaskClient, forge: Any) -> None:
    assert _get(client, f"Bearer   {forge.access_token()}  ").status_code == 200


@pytest.mark.parametrize("scope", ["license", "license other", "other license"])
def test_scope_is_one_of_the_token_s_names(scope: str, client: FlaskClient, forge: Any) -> None:
    assert _get(client, f"Bearer {forge.access_token(scope=scope)}").status_code == 200


NO_CREDENTIALS = [
    "",
    "Bearer",
    "Bearer ",
    "Bearer    ",
    "Basic bmFtZTpwYXNzd29yZA==",
    "DPoP",
    "DPoP ",
    "Bearer:abc",
    "Bearerabc",
    "abc",
    "Bearer\tabc",
    "Digest username=Bearer",
    "ü",
]


@pytest.mark.parametrize("authorization", NO_CREDENTIALS)
def test_request_without_a_token_is_told_only_the_schemes(authorization: str, client: FlaskClient) -> None:
    """§3.1: a request that lacks any authentication information gets no error code."""
    answer = _get(client, authorization)

    assert (answer.status_code, answer.json["code"]) == (401, "missing_token")
    assert answer.headers.getlist("WWW-Authenticate") == ["Bearer", 'DPoP algs="ES256"']


def test_request_without_the_header_is_told_only_the_schemes(client: FlaskClient) -> None:
    answer = client.get("/guarded")

    assert answer.status_code == 401
    assert answer.headers.getlist("WWW-Authenticate") == ["Bearer", 'DPoP algs="ES256"']


def test_token_in_the_query_or_a_form_is_none(client: FlaskClient, forge: Any) -> None:
    """RFC 9700 §4.3.2; T50."""
    token = forge.access_token()

    assert client.get("/guarded", query_string={"access_token": token}).status_code == 401
    assert client.get("/guarded", data={"access_token": token}).status_code == 401


@pytest.mark.parametrize(
    "authorization",
    [
        "Bearer abc",
        "Bearer a.b.c",
        'Bearer "quoted"',
        "Bearer a b",
        "Bearer é",
        "Bearer \xff\xfe",
        "Bearer " + "A" * 9000,
        "Bearer abc, Bearer def",
        'Bearer x", error="none',
        "bearer Bearer abc",
    ],
    ids=lambda text: text[:24],
)
def test_bad_token_is_told_with_a_whole_challenge(authorization: str, client: FlaskClient) -> None:
    """§3, §3.1."""
    answer = _get(client, authorization)

    assert (answer.status_code, answer.json["code"]) == (401, "invalid_token")
    assert CHALLENGE.fullmatch(answer.headers["WWW-Authenticate"])
    assert answer.json["detail"] in answer.headers["WWW-Authenticate"]


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        ({"exp": 1}, "The token has expired."),
        ({"aud": "notify_service"}, "The token is for another audience."),
        ({"iss": "https://evil.example"}, "The token is from another issuer."),
        ({"scope": ...}, "The claim 'scope' must be a text."),
    ],
)
def test_refusal_says_which_rule_was_broken(
    changes: dict[str, Any], detail: str, client: FlaskClient, forge: Any
) -> None:
    answer = _get(client, f"Bearer {forge.access_token(**changes)}")

    assert answer.json["detail"] == detail
    assert CHALLENGE.fullmatch(answer.headers["WWW-Authenticate"])


def test_two_authorization_headers_open_nothing(client: FlaskClient, forge: Any) -> None:
    good = f"Bearer {forge.access_token()}"
    answer = client.get("/guarded", headers=[("Authorization", good), ("Authorization", "Bearer abc")])

    assert answer.status_code == 401


def test_license_token_opens_no_route(client: FlaskClient, forge: Any) -> None:
    """T21."""
    assert _get(client, f"Bearer {forge.license_token(aud='license_service')}").status_code == 401


@pytest.mark.parametrize("scope", ["other", "licenses", "licens", "License", "license.read", "licenses.read"])
def test_token_without_the_scope_is_told_which_one_it_lacks(scope: str, client: FlaskClient, forge: Any) -> None:
    """§3.1: insufficient_scope is a 403, and may name the scope."""
    answer = _get(client, f"Bearer {forge.access_token(scope=scope)}")

    assert (answer.status_code, answer.json["code"]) == (403, "insufficient_scope")
    assert answer.headers["WWW-Authenticate"] == 'Bearer error="insufficient_scope", scope="license"'


def test_device_s_token_opens_nothing_that_is_for_services(client: FlaskClient, forge: Any) -> None:
    """A client that was registered with service scopes by mistake: its devices' tokens name an organization."""
    token = forge.access_token(scope="license entitlements", organization_id="org-1")
    answer = client.get("/for-services", headers={"Authorization": f"Bearer {token}"})

    assert (answer.status_code, answer.json["code"]) == (403, "insufficient_scope")
    assert answer.json["detail"] == "A device's token does not open what the scope 'entitlements' is for."
    assert answer.headers["WWW-Authenticate"] == 'Bearer error="insufficient_scope", scope="entitlements"'
    assert _get(client, f"Bearer {token}").status_code == 200


def test_service_s_token_opens_what_is_for_services(client: FlaskClient, forge: Any) -> None:
    token = forge.access_token(scope="entitlements", organization_id=...)

    assert client.get("/for-services", headers={"Authorization": f"Bearer {token}"}).status_code == 200


@pytest.mark.parametrize(
    ("scope", "organization_id"), [("licenses.read", ...), ("license", "org-1"), ("license licenses.read", "org-1")]
)
def test_a_route_may_be_opened_by_either_of_two_scopes(
    client: FlaskClient, forge: Any, scope: str, organization_id: Any
) -> None:
    token = forge.access_token(scope=scope, organization_id=organization_id)

    assert client.get("/for-both", headers={"Authorization": f"Bearer {token}"}).status_code == 200


@pytest.mark.parametrize(
    ("scope", "organization_id", "lacking"),
    [("license", ..., "licenses.read"), ("licenses.read", "org-1", "license"), ("entitlements", ..., "licenses.read")],
)
def test_a_scope_opens_only_to_the_kind_of_caller_that_it_is_for(
    client: FlaskClient, forge: Any, scope: str, organization_id: Any, lacking: str
) -> None:
    """T44: a token without an organization would be shown those of all."""
    token = forge.access_token(scope=scope, organization_id=organization_id)

    answer = client.get("/for-both", headers={"Authorization": f"Bearer {token}"})

    assert (answer.status_code, answer.json["code"]) == (403, "insufficient_scope")
    assert answer.headers["WWW-Authenticate"] == f'Bearer error="insufficient_scope", scope="{lacking}"'


def test_a_service_s_token_opens_nothing_that_is_for_devices(client: FlaskClient, forge: Any) -> None:
    answer = _get(client, f"Bearer {forge.access_token(scope='license', organization_id=...)}")

    assert (answer.status_code, answer.json["code"]) == (403, "insufficient_scope")
    assert answer.json["detail"] == "A service's token does not open what the scope 'license' is for."


def test_keys_that_cannot_be_had_are_our_trouble(client: FlaskClient, forge: Any, issuer: Any) -> None:
    """The caller keeps its token and asks again."""
    issuer.away = True
    try:
        answer = _get(client, f"Bearer {forge.access_token()}")
    finally:
        issuer.away = False

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "WWW-Authenticate" not in answer.headers


def test_a_refused_request_never_reaches_the_route(client: FlaskClient, forge: Any) -> None:
    """The claims of one request are not there in the next."""
    assert _get(client, f"Bearer {forge.access_token()}").status_code == 200
    assert _get(client, "").status_code == 401
