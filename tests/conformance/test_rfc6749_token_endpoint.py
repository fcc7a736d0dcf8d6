"""RFC 6749, the token endpoint: §2.3, §3.2, §3.3, §4.4, §5.1, §5.2 and §6, one test per MUST that a server keeps."""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from auth_service.actions.register_client import NewClient, register_client
from wire.grant_types import DEVICE_CODE, REFRESH_TOKEN
from wire.token_verification import LicenseTokenVerifier, TokenVerifier

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from tests.doubles.auth_house import House

TOKEN = "/oauth/token"
ISSUER = "http://127.0.0.1:8001"


def basic(client_id: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()}


def credentials(house: House, form: dict[str, Any] | None = None, **more: Any) -> TestResponse:
    return house.post(TOKEN, {"grant_type": "client_credentials", **(form or {})}, **more)


def test_section_2_3_two_authentication_methods_at_once_are_refused(house: House) -> None:
    """§2.3: "The client MUST NOT use more than one authentication method in each request"."""
    answer = credentials(
        house,
        {"client_id": "scripts", "client_secret": house.client_secret},
        headers=basic("scripts", house.client_secret),
    )

    assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")


def test_section_2_3_1_basic_authentication_is_supported(house: House) -> None:
    """§2.3.1: "The authorization server MUST support the HTTP Basic authentication scheme"."""
    assert credentials(house, headers=basic("scripts", house.client_secret)).status_code == 200


def test_section_2_3_1_name_and_secret_are_decoded(house: House) -> None:
    """§2.3.1, appendix B: both are encoded as in a form before they are put together, however much a client encodes."""
    encoded = ["".join(f"%{ord(sign):02X}" for sign in text) for text in ("scripts", house.client_secret)]

    assert credentials(house, headers=basic(*encoded)).status_code == 200


def test_section_2_3_1_a_secret_cannot_be_guessed(house: House) -> None:
    """§2.3.1: against brute force a secret has 256 random bits, however often it is tried (T34)."""
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", house.client_secret)
    assert len(base64.urlsafe_b64decode(house.client_secret + "=")) == 32


def test_section_2_3_1_the_secret_may_stand_in_the_body(house: House) -> None:
    """§2.3.1: client_id and client_secret in the request body."""
    assert credentials(house, {"client_id": "scripts", "client_secret": house.client_secret}).status_code == 200


def test_section_2_3_1_credentials_in_the_address_are_refused(house: House) -> None:
    """§2.3.1: "The parameters ... MUST NOT be included in the request URI" (T50)."""
    answer = house.post(f"{TOKEN}?client_id=scripts&client_secret=x", {"grant_type": "client_credentials"})

    assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    "header",
    [
        "Basic",
        "Basic !!!",
        "Basic //79",
        "Basic " + base64.b64encode(b"scripts").decode(),
        "Basic \xff\xff",
        "Bearer x",
        "Digest a=b",
    ],
)
def test_section_2_3_1_a_malformed_authorization_header_is_invalid_client(house: House, header: str) -> None:
    """§5.2: invalid_client, 401, with the scheme to use."""
    answer = credentials(house, headers={"Authorization": header})

    assert (answer.status_code, answer.json["error"]) == (401, "invalid_client")
    assert answer.headers["WWW-Authenticate"].startswith("Basic")


@pytest.mark.parametrize("header", ["Basic dGlsbHBhc3MtcG9zOng=", "Basic a,Basic b", "Bearer x", ""])
@pytest.mark.parametrize("path", [TOKEN, "/oauth/device_authorization", "/oauth/revoke"])
def test_section_5_2_who_tries_a_header_and_fails_is_not_taken_for_a_public_client(
    house: House, path: str, header: str
) -> None:
    """§5.2: "If the client attempted to authenticate via the "Authorization" request header field" (T09)."""
    form = {"client_id": "tillpass-pos", "grant_type": "refresh_token", "refresh_token": "x", "token": "x"}

    answer = house.post(path, form, headers={"Authorization": header})

    assert (answer.status_code, answer.json["error"]) == (401, "invalid_client")


def test_section_3_2_only_post_is_taken(house: House) -> None:
    """§3.2: "The client MUST use the HTTP "POST" method"."""
    answer = house.web().get(TOKEN, base_url=ISSUER)

    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]
    assert answer.json["error"] == "invalid_request"


def test_section_3_2_empty_parameters_count_as_left_out(house: House) -> None:
    """§3.2: "Parameters sent without a value MUST be treated as if they were omitted"."""
    answer = house.post(TOKEN, {"grant_type": "", "client_id": "tillpass-pos"})

    assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")


def test_section_3_2_unknown_parameters_are_ignored(house: House) -> None:
    """§3.2: "The authorization server MUST ignore unrecognized request parameters"."""
    assert credentials(house, {"colour": "blue"}, headers=basic("scripts", house.client_secret)).status_code == 200


@pytest.mark.parametrize("name", ["grant_type", "client_id", "device_code", "colour"])
def test_section_3_2_no_parameter_may_repeat(house: House, name: str) -> None:
    """§3.2: "Request and response parameters MUST NOT be included more than once" (T50)."""
    form: dict[str, Any] = {"grant_type": DEVICE_CODE, "client_id": "tillpass-pos", "device_code": "x", "colour": "b"}

    answer = house.post(TOKEN, {**form, name: [form[name], form[name]]})

    assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")


def test_section_3_2_1_a_confidential_client_must_authenticate(house: House) -> None:
    """§3.2.1: "Confidential clients ... MUST authenticate" (T09)."""
    answer = credentials(house, {"client_id": "scripts"})

    assert (answer.status_code, answer.json["error"]) == (401, "invalid_client")


def test_section_3_3_the_answer_names_the_granted_scope(house: House) -> None:
    """§3.3: the server "MUST include the "scope" response parameter" when it differs from what was asked."""
    answer = credentials(house, headers=basic("scripts", house.client_secret))

    assert answer.json["scope"] == "licenses.read notifications.read"


def test_section_3_3_a_scope_beyond_the_registration_is_invalid_scope(house: House) -> None:
    """§3.3 and §5.2."""
    answer = credentials(house, {"scope": "entitlements"}, headers=basic("scripts", house.client_secret))

    assert (answer.status_code, answer.json["error"]) == (400, "invalid_scope")


@pytest.mark.parametrize(
    ("scope", "status"),
    [("notifications.read  licenses.read", 200), ("Licenses.Read", 400), ("licenses.read,notifications.read", 400)],
)
def test_section_3_3_a_scope_is_words_in_any_order_whose_case_counts(house: House, scope: str, status: int) -> None:
    """§3.3."""
    answer = credentials(house, {"scope": scope}, headers=basic("scripts", house.client_secret))

    assert answer.status_code == status


def test_section_4_4_only_confidential_clients_use_client_credentials(house: House) -> None:
    """§4.4: "The client credentials grant type MUST only be used by confidential clients"."""
    answer = credentials(house, {"client_id": "tillpass-pos"})

    assert (answer.status_code, answer.json["error"]) == (401, "invalid_client")


def test_section_4_4_3_no_refresh_token_comes_with_client_credentials(house: House) -> None:
    """§4.4.3: "A refresh token SHOULD NOT be included"."""
    answer = credentials(house, {"scope": "licenses.read"}, headers=basic("scripts", house.client_secret))

    assert set(answer.json) == {"access_token", "token_type", "expires_in", "scope"}
    claims = TokenVerifier(house.wired.keys, ISSUER, "license_service").access_token(answer.json["access_token"])
    assert (claims.sub, claims.client_id, claims.aud) == ("scripts", "scripts", ("license_service",))


def test_section_5_1_success_is_json_that_nobody_keeps(house: House) -> None:
    """§5.1: "Cache-Control" with "no-store" and "Pragma" with "no-cache" (T33)."""
    answer = credentials(house, headers=basic("scripts", house.client_secret))

    assert answer.content_type == "application/json"
    assert (answer.headers["Cache-Control"], answer.headers["Pragma"]) == ("no-store", "no-cache")


def test_section_5_1_every_success_has_the_required_members(house: House) -> None:
    """§5.1: token, type, lifetime in whole seconds; each grant."""
    first = house.tokens()
    for answer in (first, house.refresh(first["refresh_token"]).json):
        assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 600)
        assert isinstance(answer["access_token"], str)


def test_section_5_1_no_answer_with_a_token_is_kept_by_anybody(house: House) -> None:
    """§5.1: for the device's grants as well (T33)."""
    codes = house.ask_codes()
    house.decide(codes["user_code"])
    redeemed = house.poll(codes["device_code"])

    for answer in (redeemed, house.refresh(redeemed.json["refresh_token"])):
        assert answer.status_code == 200
        assert (answer.headers["Cache-Control"], answer.headers["Pragma"]) == ("no-store", "no-cache")


REFUSED: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "no grant": ({"client_id": "tillpass-pos"}, {}),
    "unknown grant": ({"client_id": "tillpass-pos", "grant_type": "<'\"\\>"}, {}),
    "unknown client": ({"client_id": "<'\"\\>", "grant_type": DEVICE_CODE}, {}),
    "wrong secret": ({"grant_type": "client_credentials"}, basic("scripts", "<'\"\\>")),
    "unknown scope": (
        {"grant_type": REFRESH_TOKEN, "client_id": "tillpass-pos", "refresh_token": "x", "scope": "<'\"\\>"},
        {},
    ),
    "unknown code": ({"grant_type": DEVICE_CODE, "client_id": "tillpass-pos", "device_code": "<'\"\\>"}, {}),
    "unknown token": ({"grant_type": REFRESH_TOKEN, "client_id": "tillpass-pos", "refresh_token": "<'\"\\>"}, {}),
}


@pytest.mark.parametrize("refused", REFUSED)
def test_section_5_2_every_refusal_is_json_in_plain_signs_that_echoes_nothing(house: House, refused: str) -> None:
    """§5.2: printable ASCII without quotes and backslashes, kept by nobody (T16, T33)."""
    form, headers = REFUSED[refused]

    answer = house.post(TOKEN, form, headers=headers)

    assert answer.status_code in {400, 401}
    assert (answer.content_type, answer.headers["Cache-Control"]) == ("application/json", "no-store")
    for text in json.loads(answer.text).values():
        assert re.fullmatch(r"[\x20-\x21\x23-\x5b\x5d-\x7e]+", text)
        assert "<" not in text


def test_section_5_2_a_missing_grant_type_is_invalid_request(house: House) -> None:
    """§5.2: invalid_request, "The request is missing a required parameter"."""
    answer = house.post(TOKEN, {"client_id": "tillpass-pos"})

    assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("grant_type", ["password", "authorization_code", "Device_Code", "'\"<b>", "é" * 200])
def test_section_5_2_an_unknown_grant_type_is_unsupported(house: House, grant_type: str) -> None:
    """§5.2: unsupported_grant_type, and the input is not echoed (T16, T18)."""
    answer = house.post(TOKEN, {"grant_type": grant_type, "client_id": "tillpass-pos"})

    assert (answer.status_code, answer.json["error"]) == (400, "unsupported_grant_type")
    assert grant_type not in answer.json["error_description"]


def test_section_5_2_a_grant_that_the_client_may_not_use_is_unauthorized_client(house: House) -> None:
    """§5.2: unauthorized_client (T18)."""
    answer = house.post(
        TOKEN,
        {"grant_type": DEVICE_CODE, "device_code": "x", "client_id": "scripts", "client_secret": house.client_secret},
    )

    assert (answer.status_code, answer.json["error"]) == (400, "unauthorized_client")


def test_section_5_2_a_wrong_secret_is_invalid_client_with_a_challenge(house: House) -> None:
    """§5.2: "MUST respond with an HTTP 401 ... and include the "WWW-Authenticate" response header"."""
    answer = credentials(house, headers=basic("scripts", "wrong"))

    assert (answer.status_code, answer.json["error"]) == (401, "invalid_client")
    assert answer.headers["WWW-Authenticate"].startswith("Basic")


def test_section_5_2_known_and_unknown_clients_fail_alike(house: House) -> None:
    """T36: the answer does not tell whether a client_id is registered."""
    known, unknown = (credentials(house, headers=basic(name, "wrong")) for name in ("scripts", "nobody"))

    assert (known.status_code, known.json) == (unknown.status_code, unknown.json)


def test_section_6_a_foreign_client_cannot_refresh(house: House) -> None:
    """§6: "the authorization server MUST ... ensure that the refresh token was issued to the authenticated client"."""
    register_client(
        house.wired.database,
        NewClient("other", "Other", ("refresh_token",), ("license",), is_public=True),
        now=house.clock(),
    )
    token = house.tokens()["refresh_token"]

    foreign = house.refresh(token, client_id="other")

    assert (foreign.status_code, foreign.json["error"]) == (400, "invalid_grant")
    assert house.refresh(token).status_code == 200


def test_section_6_a_confidential_client_authenticates_to_refresh(house: House) -> None:
    """§6, §3.2.1: the token alone is not enough (T09)."""
    secret = register_client(
        house.wired.database,
        NewClient("kiosk", "Kiosk", (DEVICE_CODE, REFRESH_TOKEN), ("license",), is_public=False),
        now=house.clock(),
    )
    headers = basic("kiosk", str(secret))
    codes = house.post("/oauth/device_authorization", {"client_id": "kiosk"}, headers=headers).json
    house.decide(codes["user_code"])
    poll = {"grant_type": DEVICE_CODE, "device_code": codes["device_code"], "client_id": "kiosk"}

    assert house.post(TOKEN, poll).json["error"] == "invalid_client"
    token = house.post(TOKEN, poll, headers=headers).json["refresh_token"]
    refresh = {"grant_type": REFRESH_TOKEN, "refresh_token": token, "client_id": "kiosk"}
    assert house.post(TOKEN, refresh).json["error"] == "invalid_client"
    assert house.post(TOKEN, refresh, headers=headers).status_code == 200


def test_section_6_refresh_token_is_required(house: House) -> None:
    """§6: "refresh_token REQUIRED"."""
    answer = house.post(TOKEN, {"grant_type": "refresh_token", "client_id": "tillpass-pos"})

    assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")


def test_section_6_the_scope_cannot_be_widened(house: House) -> None:
    """§6: "The requested scope MUST NOT include any scope not originally granted" (T27)."""
    answer = house.refresh(house.tokens()["refresh_token"], scope="license licenses.write")

    assert (answer.status_code, answer.json["error"]) == (400, "invalid_scope")


def test_section_6_a_scope_that_is_left_out_is_the_one_that_was_granted(house: House) -> None:
    """§6, and of the new refresh token too."""
    first = house.tokens()
    second = house.refresh(first["refresh_token"]).json
    third = house.refresh(second["refresh_token"], scope="license").json

    assert {first["scope"], second["scope"], third["scope"]} == {"license"}


def test_section_6_nothing_in_a_request_widens_the_license(house: House) -> None:
    """What a device may use is said by license_service alone (T27)."""
    wanted = {"features": "xms kds", "license_id": "license-2", "renewal_date": "2099-01-01", "aud": "notify_service"}

    refreshed = house.refresh(house.tokens()["refresh_token"], **wanted).json

    claims = LicenseTokenVerifier(house.wired.keys, ISSUER).license_token(refreshed["license_token"])
    assert (claims.features, claims.license_id, claims.renewal_date) == (("xms",), "license-1", None)


def test_section_6_an_unknown_refresh_token_is_invalid_grant(house: House) -> None:
    """§5.2: invalid_grant."""
    answer = house.refresh("no-such-token")

    assert (answer.status_code, answer.json["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", None),
        (b'{"grant_type": "refresh_token"}', "application/json"),
        (b"grant_type=%00", "application/x-www-form-urlencoded"),
        (b"grant_type=%ff%fe", "application/x-www-form-urlencoded"),
        (b"\xff\xfe=\xff", "application/x-www-form-urlencoded"),
        (b"grant_type=a%0d%0ab", "application/x-www-form-urlencoded"),
        (b"%00=x&grant_type=x", "application/x-www-form-urlencoded"),
        (b"--x\r\nbroken", "multipart/form-data; boundary=x"),
        (b"grant_type=x", "text/plain"),
    ],
)
@pytest.mark.parametrize("path", [TOKEN, "/oauth/device_authorization"])
def test_section_5_2_a_malformed_request_is_invalid_request(
    house: House, path: str, body: bytes, content_type: str | None
) -> None:
    """§5.2: invalid_request, "or is otherwise malformed": never a 5xx (T49)."""
    answer = house.web().post(path, data=body, content_type=content_type, base_url=ISSUER)

    assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("path", [TOKEN, "/oauth/device_authorization"])
def test_section_5_2_an_oversized_request_is_refused_in_oauth_form(house: House, path: str) -> None:
    """T48: bodies over 64 KiB and forms of too many parts."""
    big = house.post(path, {"client_id": "x" * 70_000})
    many = house.post(path, {f"p{number}": "x" for number in range(2000)})

    assert (big.status_code, big.json["error"]) == (413, "invalid_request")
    assert (many.status_code, many.json["error"]) in {
        (413, "invalid_request"),
        (401, "invalid_client"),
        (400, "invalid_request"),
    }
