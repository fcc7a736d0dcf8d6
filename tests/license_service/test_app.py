from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from database.errors import DatabaseUnavailableError

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

LICENSES = "/v1/license-keys?organization_id=0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11"


def test_a_living_process_is_alive_whatever_is_away(client: FlaskClient, issuer: object) -> None:
    issuer.away = True

    assert client.get("/healthz").get_json() == {"status": "alive"}


def test_ready_means_database_and_keys(client: FlaskClient) -> None:
    answer = client.get("/readyz")

    assert answer.status_code == 200
    assert answer.get_json() == {"status": "ready", "checks": {"database": "ok", "keys": "ok"}}


def test_without_keys_the_service_is_not_ready(client: FlaskClient, issuer: object) -> None:
    """F42."""
    issuer.away = True

    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.get_json()["checks"] == {"database": "ok", "keys": "unavailable"}


def test_without_its_database_the_service_is_not_ready(
    settings: object, wired: object, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F28."""

    def away(*_: object) -> None:
        raise DatabaseUnavailableError("The database does not answer.")

    monkeypatch.setattr(type(wired.database), "reading", away)

    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.get_json()["checks"] == {"database": "unavailable", "keys": "ok"}


@pytest.mark.parametrize("path", ["/openapi.json", "/docs", LICENSES, "/nowhere", "/healthz"])
def test_every_answer_is_protected_and_kept_by_nobody(service: FlaskClient, path: str) -> None:
    """T33, T42, T43."""
    headers = service.get(path).headers

    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]


def test_a_request_id_is_taken_and_given_back(service: FlaskClient) -> None:
    assert service.get(LICENSES, headers={"X-Request-ID": "till-7.a_b"}).headers["X-Request-ID"] == "till-7.a_b"


@pytest.mark.parametrize("offered", ["", "a b", "x" * 65, "a;b", "\xff"])
def test_a_request_id_that_could_harm_a_log_is_replaced(service: FlaskClient, offered: str) -> None:
    """T66."""
    given = service.get(LICENSES, headers={"X-Request-ID": offered}).headers["X-Request-ID"]

    assert given != offered
    assert len(given) == 32


@pytest.mark.parametrize("host", ["licenses.example", "licenses.example:8443", "127.0.0.1:8002", "localhost"])
def test_a_host_of_ours_is_served(service: FlaskClient, host: str) -> None:
    assert service.get(LICENSES, headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "licenses.example.evil", "", "a b"])
def test_a_foreign_host_is_refused(service: FlaskClient, host: str) -> None:
    """T40."""
    answer = service.get(LICENSES, headers={"Host": host})

    assert answer.status_code == 400
    assert answer.content_type == "application/problem+json"


def test_a_fault_of_ours_says_nothing_but_an_id(
    app: Flask, service: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T49."""

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("license_service.endpoints.license_keys.list_license_keys", fail)

    answer = service.get(LICENSES)

    assert (answer.status_code, answer.get_json()["code"]) == (500, "internal_error")
    assert answer.headers["X-Request-ID"] in answer.get_json()["detail"]
    assert "secret" not in answer.text


@pytest.mark.parametrize(
    "path", ["//evil.example/v1/license-keys", "/v1/license-keys/", "/\\evil.example", "/catalog/"]
)
def test_no_path_leads_anywhere_else(service: FlaskClient, path: str) -> None:
    """T41: nothing is redirected, not even to a path of ours with a slash more or less."""
    for query in ("", "?next=//evil.example", "?next=https://evil.example"):
        answer = service.get(path + query)

        assert answer.status_code in {400, 404}
        assert "Location" not in answer.headers
