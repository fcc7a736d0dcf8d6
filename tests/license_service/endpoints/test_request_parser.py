"""Bad input gets the right 4xx with a clear text (T45, T48, T49, T50)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

DEVICE = "5d1c9f3e-8a52-4e0c-9a76-3c1f0c2b7d10"
ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11"
SEAT = f"/v1/devices/{DEVICE}/seat"
ENTITLEMENT = f"/v1/devices/{DEVICE}/entitlement"
LICENSES = "/v1/license-keys"
GOOD = json.dumps({"organization_id": ORGANIZATION}).encode()

BODIES = pytest.mark.parametrize(("method", "path"), [("PUT", SEAT), ("POST", LICENSES)])
QUERIES = pytest.mark.parametrize("path", [ENTITLEMENT, LICENSES])


def assert_problem(answer: TestResponse, status: int, code: str) -> None:
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)
    assert answer.content_type == "application/problem+json"
    assert answer.get_json()["detail"]


@BODIES
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"not json",
        b"{} {}",
        b"\x00",
        b"\xff\xfe",
        b'{"organization_id": "\xff"}',
        b'{"organization_id": NaN}',
        b'{"organization_id": Infinity}',
        b'{"organization_id": ' + b"9" * 5000 + b"}",
        b"[" * 60_000,
        b'{"a":' * 10_000,
        b'{"organization_id": "a", "organization_id": "b"}',
        b'{"organization_id": "a", "other": {"b": 1, "b": 2}}',
        "\ufeff{}".encode(),
    ],
    ids=lambda body: repr(body[:24]),
)
def test_a_body_that_is_not_json_is_400(service: FlaskClient, method: str, path: str, body: bytes) -> None:
    answer = service.open(path, method=method, data=body, content_type="application/json")

    assert_problem(answer, 400, "malformed_json")


@BODIES
@pytest.mark.parametrize(
    "content_type", [None, "", "text/plain", "application/x-www-form-urlencoded", "application/xml", "\x00", "json"]
)
def test_a_body_of_another_type_is_415(service: FlaskClient, method: str, path: str, content_type: str | None) -> None:
    """T37: also the form types that a browser sends without asking first."""
    assert_problem(
        service.open(path, method=method, data=GOOD, content_type=content_type), 415, "unsupported_media_type"
    )


@BODIES
@pytest.mark.parametrize("body", ["[]", "7", "null", '"text"', "[{}]", "true"])
def test_a_body_that_is_not_an_object_is_422(service: FlaskClient, method: str, path: str, body: str) -> None:
    assert_problem(service.open(path, method=method, data=body, content_type="application/json"), 422, "invalid_fields")


@BODIES
def test_a_body_over_64_kib_is_413(service: FlaskClient, method: str, path: str) -> None:
    body = json.dumps({"organization_id": "x" * 65536})

    assert_problem(
        service.open(path, method=method, data=body, content_type="application/json"), 413, "request_entity_too_large"
    )


@pytest.mark.parametrize("name", ["organisation_id", "seats_claimed", "\x00", "\ud800", "__proto__"])
def test_an_unknown_field_is_named(service: FlaskClient, name: str) -> None:
    answer = service.put(SEAT, json={"organization_id": ORGANIZATION, name: 1})

    assert_problem(answer, 422, "invalid_fields")
    assert list(answer.get_json()["errors"]) == [name]


@pytest.mark.parametrize(
    "value", [None, 7, True, [], {}, "", "x", ORGANIZATION + "\x00", ORGANIZATION[:-1], ORGANIZATION.replace("-", "")]
)
def test_an_organization_id_is_the_text_of_a_uuid(service: FlaskClient, value: object) -> None:
    answer = service.put(SEAT, json={"organization_id": value})

    assert_problem(answer, 422, "invalid_fields")
    assert list(answer.get_json()["errors"]) == ["organization_id"]


@QUERIES
@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("organization_id", "organization_id"),
        ("organization_id=", "organization_id"),
        ("organization_id=x", "organization_id"),
        ("organization_id=%00", "organization_id"),
        ("organization_id=%ff%fe", "organization_id"),
        (f"organization_id={ORGANIZATION}%00", "organization_id"),
        (f"organization_id={ORGANIZATION}&organization_id={ORGANIZATION}", "organization_id"),
        (f"organization_id={ORGANIZATION}&organization_id=x", "organization_id"),
        (f"organization_id={ORGANIZATION}&page=1", "page"),
        (f"organization_id={ORGANIZATION}&a=1&a=2", "a"),
    ],
)
def test_a_wrong_query_is_named(service: FlaskClient, path: str, query: str, named: str) -> None:
    answer = service.get(f"{path}?{query}")

    assert_problem(answer, 422, "invalid_fields")
    assert list(answer.get_json()["errors"]) == [named]


@pytest.mark.parametrize(
    "path",
    [
        "/v1/devices/x/seat",
        "/v1/devices/%00/seat",
        "/v1/devices/%ff/seat",
        f"/v1/devices/{DEVICE}%00/seat",
        f"/v1/devices/{DEVICE}%0a/seat",
        f"/v1/devices/{{{DEVICE}}}/seat",
        "/v1/devices//seat",
        f"/v1/license-keys/{'9' * 3000}",
        "/v1/license-keys/",
        "/",
    ],
)
def test_a_path_without_a_uuid_leads_nowhere(service: FlaskClient, path: str) -> None:
    assert_problem(service.get(path), 404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", SEAT, {"PUT", "DELETE", "OPTIONS"}),
        ("DELETE", ENTITLEMENT, {"GET", "HEAD", "OPTIONS"}),
        ("PATCH", LICENSES, {"GET", "HEAD", "OPTIONS", "POST"}),
        ("BREW", LICENSES, {"GET", "HEAD", "OPTIONS", "POST"}),
    ],
)
def test_a_wrong_method_is_405_and_told_which_are_right(
    service: FlaskClient, method: str, path: str, allowed: set[str]
) -> None:
    answer = service.open(path, method=method)

    assert_problem(answer, 405, "method_not_allowed")
    assert set(answer.headers["Allow"].split(", ")) == allowed
