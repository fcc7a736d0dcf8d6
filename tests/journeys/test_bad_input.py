"""Bad input to every endpoint of every part: the right 4xx with a clear text, never a 5xx (T48, T49, T50)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.doubles.raw_http import exchange
from wire.grant_types import DEVICE_CODE

if TYPE_CHECKING:
    from deploy.local_stack.stack import LocalStack
    from tests.journeys.people import People

ENDPOINTS = {
    "auth_url": [
        "/",
        "/.well-known/jwks.json",
        "/.well-known/oauth-authorization-server",
        "/activate",
        "/activate/decision",
        "/cloud-password",
        "/devices",
        "/group-password",
        "/healthz",
        "/oauth/device_authorization",
        "/oauth/token",
        "/organizations",
        "/readyz",
        "/register",
        "/register/activate-group",
        "/register/progress",
        "/register/prove-address",
        "/register/resend",
        "/sign-in",
        "/sign-out",
        "/no-such-page",
    ],
    "license_url": [
        "/docs",
        "/healthz",
        "/openapi.json",
        "/readyz",
        "/v1/devices/00000000-0000-4000-8000-000000000000/entitlement",
        "/v1/devices/00000000-0000-4000-8000-000000000000/seat",
        "/v1/devices/%00/seat",
        "/v1/license-keys",
        "/v1/license-keys/x",
        "/no-such-page",
    ],
    "notify_url": [
        "/docs",
        "/healthz",
        "/mails/",
        "/mails/%00",
        "/mails/..%2f..%2fsecrets.json",
        "/openapi.json",
        "/readyz",
        "/v1/notifications",
        "/v1/notifications/x",
        "/no-such-page",
    ],
    "pos_url": [
        "/",
        "/manage-license",
        "/manage-license/start",
        "/manage-license/complete",
        "/manage-license/refresh",
        "/manage-license/remove",
        "/no-such-page",
    ],
}
ALL = [(part, path) for part, paths in ENDPOINTS.items() for path in paths]
BODIES: dict[str, tuple[bytes, str | None]] = {
    "nothing": (b"", None),
    "nul": (b"grant_type=%00&email=%00&user_code=%00&organization_id=%00", "application/x-www-form-urlencoded"),
    "not-utf-8": (b"grant_type=%ff&email=\xff", "application/x-www-form-urlencoded"),
    "repeated": (b"grant_type=a&grant_type=b&client_id=x&client_id=y", "application/x-www-form-urlencoded"),
    "oversized": (b"a=" + b"x" * 200_000, "application/x-www-form-urlencoded"),
    "many-fields": (b"&".join(b"f%d=x" % number for number in range(5000)), "application/x-www-form-urlencoded"),
    "broken-json": (b'{"seats": ', "application/json"),
    "deep-json": (b"[" * 20_000, "application/json"),
    "huge-number": (b'{"seats": ' + b"9" * 5000 + b"}", "application/json"),
    "json-nul": (b'{"organization_id": "\\u0000", "features": ["\\u0000"], "seats": 1}', "application/json"),
    "json-list": (b"[]", "application/json"),
    "json-not-utf-8": (b'{"organization_id": "\xff"}', "application/json"),
    "broken-multipart": (b"--x\r\nContent-Disposition: form-data\r\n\r\n", "multipart/form-data; boundary=x"),
    "odd-type": (b"hello", "application/\xe9".encode().decode("latin-1")),
}


BROKEN_CHUNK = (
    b" HTTP/1.1\r\nHost: HOST\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    b"Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n"
)


def token_for(people: People, part: str) -> dict[str, str]:
    scope = {"license_url": "licenses.read licenses.write", "notify_url": "notifications.read"}.get(part)
    return {} if scope is None else {"Authorization": f"Bearer {people.service_token(scope)}"}


@pytest.mark.parametrize(("part", "path"), ALL, ids=[f"{part}{path}" for part, path in ALL])
def test_every_method_and_body_is_answered_below_500(stack: LocalStack, people: People, part: str, path: str) -> None:
    headers = token_for(people, part)
    answers: list[str] = []
    with requests.Session() as session:
        for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"):
            for name, (body, content_type) in BODIES.items():
                sent = dict(headers)
                if content_type is not None:
                    sent["Content-Type"] = content_type
                answer = session.request(
                    method,
                    stack.document[part] + path,
                    data=body,
                    headers=sent,
                    timeout=20,
                    allow_redirects=False,
                )
                if answer.status_code >= 500:
                    answers.append(f"{method} {name}: {answer.status_code}")

    assert answers == []


@pytest.mark.parametrize("part", sorted(ENDPOINTS))
@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1:8001.evil.example\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1:99999999\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: [\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: \xff\xfe\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET /%zz%ff%00?%ff=%00 HTTP/1.1\r\nHost: HOST\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: HOST\r\nCookie: tillpass=\xff; session=\x01\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: HOST\r\nAuthorization: Bearer \xff\xfe\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: HOST\r\nX-Request-ID: a\x1b[31m\r\n\r\n",
        b"GET /sign-in HTTP/1.1\r\nHost: HOST\r\nSCRIPT_NAME: /zzz\r\n\r\n",
        b"POST /oauth/token HTTP/1.1\r\nHost: HOST\r\nAuthorization: Basic \xff\xff\r\nContent-Length: 0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: HOST\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST /sign-in" + BROKEN_CHUNK,
        b"POST /oauth/token" + BROKEN_CHUNK,
        b"POST /manage-license/next" + BROKEN_CHUNK,
        b"POST / HTTP/1.1\r\nHost: HOST\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: HOST\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: HOST\r\nX-Big: " + b"a" * 20_000 + b"\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
)
def test_a_malformed_head_is_answered_below_500_or_hung_up_on(stack: LocalStack, part: str, head: bytes) -> None:
    address = stack.document[part].removeprefix("http://")
    answer = exchange(int(address.split(":")[1]), head.replace(b"HOST", address.encode()))

    assert not answer or answer.split(b" ")[1] < b"500", answer


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.sampled_from(["grant_type", "device_code", "refresh_token", "client_id", "client_secret", "scope", "x"]),
        st.one_of(
            st.text(max_size=50),
            st.sampled_from([DEVICE_CODE, "refresh_token", "client_credentials", "tillpass-pos", "local-scripts"]),
        ),
    ),
    st.sampled_from(["token", "device_authorization"]),
)
def test_any_form_is_answered_in_oauth_terms(people: People, form: dict[str, Any], endpoint: str) -> None:
    """RFC 6749 §5.2: a JSON object with `error`, unless the form happens to be right."""
    answer = requests.post(f"{people.auth_url}/oauth/{endpoint}", data=form, timeout=20)

    assert answer.status_code in {200, 400, 401}
    assert answer.status_code == 200 or set(answer.json()) <= {"error", "error_description", "reason"}
    assert answer.headers["Cache-Control"] == "no-store"
