"""The app as a whole: documents, failures in each form, cookies under TLS."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from auth_service.actions import sign_in_operator
from auth_service.app import create_app
from auth_service.domain.errors import SigningKeyAwayError
from tests.doubles.auth_house import ISSUER, PASSWORD, Visitor, csrf_token

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from tests.doubles.auth_house import House


def test_the_key_set_is_public_cacheable_and_without_private_members(house: House) -> None:
    """T30, T32."""
    answer = house.web().get("/.well-known/jwks.json", base_url=ISSUER)

    assert answer.json == house.wired.keys.jwks()
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert set(answer.json["keys"][0]) == {"kty", "crv", "x", "y", "kid", "alg", "use"}


def test_the_key_set_is_sent_again_only_when_it_changed(house: House) -> None:
    """T30: RFC 9110 §13.1.2."""

    def ask(etag: str) -> TestResponse:
        return house.web().get("/.well-known/jwks.json", base_url=ISSUER, headers={"If-None-Match": etag})

    etag = ask("").headers["ETag"]
    unchanged = ask(etag)
    changed = ask('"of-another-set"')

    assert (unchanged.status_code, unchanged.data) == (304, b"")
    assert unchanged.headers["Cache-Control"] == "public, max-age=300"
    assert (changed.status_code, changed.headers["ETag"]) == (200, etag)


def test_a_signing_key_that_is_away_is_our_trouble_and_the_code_stays_good(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T29: a PKCS#11 token that does not answer costs a 503, never a 500."""
    form = {"grant_type": "client_credentials", "scope": "licenses.read", "client_id": "scripts"}
    secret = {"client_secret": house.client_secret}

    def away(*_: object, **__: object) -> str:
        raise SigningKeyAwayError("The PKCS#11 token does not sign.")

    with monkeypatch.context() as patch:
        patch.setattr("auth_service.tokens.token_issuer._ALGORITHM.sign", away)
        answer = house.post("/oauth/token", {**form, **secret})

    assert (answer.status_code, answer.json["error"]) == (503, "temporarily_unavailable")
    assert answer.headers["Retry-After"]
    assert house.post("/oauth/token", {**form, **secret}).status_code == 200


def test_the_metadata_is_what_rfc_8414_requires(house: House) -> None:
    """RFC 8414 §2: issuer, token_endpoint and response_types_supported are required members."""
    document = house.web().get("/.well-known/oauth-authorization-server", base_url=ISSUER).json

    assert document["issuer"] == ISSUER
    assert document["token_endpoint"] == f"{ISSUER}/oauth/token"
    assert document["response_types_supported"] == []
    assert set(document["token_endpoint_auth_methods_supported"]) == {
        "none",
        "private_key_jwt",
        "client_secret_basic",
        "client_secret_post",
    }


def test_readiness_names_what_is_away(house: House) -> None:
    house.redis_server.connected = False

    answer = house.web().get("/readyz", base_url=ISSUER)

    assert answer.status_code == 503
    assert answer.json["checks"] == {"database": "ok", "redis": "unavailable"}
    assert house.web().get("/healthz", base_url=ISSUER).status_code == 200


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("/oauth/nothing", "application/json"),
        ("/.well-known/nothing", "application/problem+json"),
        ("/nothing", "text/html; charset=utf-8"),
    ],
)
def test_a_failure_is_said_in_the_form_of_its_path(house: House, path: str, content_type: str) -> None:
    answer = house.web().get(path, base_url=ISSUER)

    assert (answer.status_code, answer.content_type) == (404, content_type)


def test_an_unexpected_error_on_a_page_says_nothing_but_an_id(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """T49."""
    house.app.config["PROPAGATE_EXCEPTIONS"] = False
    visitor = house.sign_in()
    monkeypatch.setattr("auth_service.portal.devices.list_devices", lambda *_: 1 / 0)

    answer = visitor.get("/devices")

    assert answer.status_code == 500
    assert answer.headers["X-Request-ID"] in answer.text
    assert "division" not in answer.text


def test_under_tls_the_cookie_is_a_host_cookie(house: House) -> None:
    """T39."""
    issuer = "https://auth.example.com"
    settings = replace(house.wired.settings, issuer=issuer)
    web = create_app(replace(house.wired, settings=settings)).test_client()

    page = web.get("/sign-in", base_url=issuer)

    cookie = page.headers["Set-Cookie"]
    assert cookie.startswith("__Host-tillpass=")
    assert "Secure" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie
    assert page.headers["Strict-Transport-Security"]


def test_the_front_door_leads_to_the_devices(house: House) -> None:
    assert house.sign_in().get("/").headers["Location"] == "/devices"


def test_a_hash_with_old_parameters_is_renewed_at_sign_in(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """T46: parameters can grow without asking anyone for a new password."""
    stronger = sign_in_operator.PasswordHasher(time_cost=3, memory_cost=19 * 1024, parallelism=1)
    monkeypatch.setattr(sign_in_operator, "PASSWORD_HASHER", stronger)

    assert Visitor(house.web()).submit("/sign-in", email="owner@example.com", password=PASSWORD).status_code == 303

    with house.wired.database.reading() as connection:
        (stored,) = connection.exec_driver_sql("SELECT password_hash FROM operators").one()
    assert "t=3" in stored


def test_signing_out_twice_is_harmless(house: House) -> None:
    visitor = house.sign_in()
    token = csrf_token(visitor.get("/organizations").text)
    visitor.submit("/sign-out", token_from="/organizations")
    page = visitor.get("/sign-in").text

    again = visitor.web.post("/sign-out", data={"csrf_token": csrf_token(page)}, base_url=ISSUER)

    assert token
    assert again.status_code == 303


def test_a_client_id_beyond_ascii_is_an_unknown_one(house: House) -> None:
    assert house.post("/oauth/device_authorization", {"client_id": "é"}).status_code == 401


def test_a_client_id_beside_another_authenticated_client_is_refused(house: House) -> None:
    """RFC 6749 §2.3: the request speaks of one client."""
    answer = house.web().post(
        "/oauth/token",
        data={"grant_type": "client_credentials", "client_id": "tillpass-pos"},
        auth=("scripts", house.client_secret),
        base_url=ISSUER,
    )

    assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")


def test_a_client_without_the_refresh_grant_cannot_refresh(house: House) -> None:
    answer = house.post(
        "/oauth/token",
        {
            "grant_type": "refresh_token",
            "refresh_token": "x",
            "client_id": "scripts",
            "client_secret": house.client_secret,
        },
    )

    assert (answer.status_code, answer.json["error"]) == (400, "unauthorized_client")


def test_a_token_is_never_logged(house: House, caplog: pytest.LogCaptureFixture) -> None:
    """C14: whatever level the logs are at, no code, token or password is in them."""
    caplog.set_level("DEBUG")
    codes = house.ask_codes()
    house.decide(codes["user_code"])
    tokens = house.poll(codes["device_code"]).json
    house.refresh(tokens["refresh_token"])

    secrets = [codes["device_code"], codes["user_code"], tokens["access_token"], tokens["refresh_token"], PASSWORD]
    assert caplog.records
    assert not [secret for secret in secrets if secret in caplog.text]


@pytest.mark.parametrize(("method", "path"), [("POST", "/oauth/token"), ("GET", "/.well-known/jwks.json")])
def test_the_protocol_neither_reads_nor_sets_a_cookie(house: House, method: str, path: str) -> None:
    """The portal's hooks have no part in it: nothing to pay for, and nothing for a cookie to steer."""
    answer = house.web().open(path, method=method, base_url=ISSUER, headers={"Cookie": "tillpass=x; remember_token=y"})

    assert "Set-Cookie" not in answer.headers
    assert "Vary" not in answer.headers
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["/oauth//token", "//oauth/token", "/.well-known//jwks.json", "//devices"])
def test_an_untidy_path_is_no_path_and_leads_nowhere(house: House, path: str) -> None:
    """T40: a redirect would send codes and tokens to the port and scheme that the request itself names."""
    answer = house.web().post(path, data={}, headers={"Host": "127.0.0.1:9999"})

    assert answer.status_code == 404
    assert "Location" not in answer.headers


def test_a_host_that_is_not_ours_is_not_repeated(house: House) -> None:
    """T16, T40."""
    answer = house.web().post("/oauth/token", data={}, headers={"Host": 'evil"\\.example'})

    assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")
    assert "evil" not in answer.text


@pytest.mark.parametrize("cookie", ["remember_token=a|\xc3\xa9", 'remember_token="a|\\303\\251"', "tillpass=\xc3\xa9"])
def test_a_cookie_that_is_not_ours_is_passed_over(house: House, cookie: str) -> None:
    """T49: whoever can set a cookie for a domain above ours must not shut anybody out by it."""
    web = house.app.test_client(use_cookies=False)

    answers = [web.get(path, base_url=ISSUER, headers={"Cookie": cookie}) for path in ("/sign-in", "/devices")]

    assert [answer.status_code for answer in answers] == [200, 303]
