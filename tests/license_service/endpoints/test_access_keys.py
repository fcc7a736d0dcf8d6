"""Access keys over HTTP (S1-38, S1-41, S1-43, S2-9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from license_service.actions.create_signing_key import create_signing_key
from license_service.actions.rotate_signing_key import rotate_signing_key
from license_service.endpoints.signing_keys import JWKS_PATH
from tests.license_service.conftest import NOW, new_id
from wire.access_key import accept_access_key, read_signers
from wire.scopes import LICENSE

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from database.engine import Database
    from license_service.domain.license_key import LicenseKey
    from license_service.signing.key_folder import KeyFolder
    from license_service.wiring import Wired

ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11"


@pytest.fixture
def key(database: Database, sell: Callable[..., LicenseKey], signing_keys: KeyFolder) -> LicenseKey:
    return sell(database, ORGANIZATION)


def read(client: FlaskClient, key_id: str, token: str | None = None) -> TestResponse:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return client.get(f"/v1/license-keys/{key_id}/access-key", headers=headers)


def validated(service: FlaskClient, access_key: object, **changes: str) -> TestResponse:
    body = {"organization_id": ORGANIZATION, "registration": "activated", "access_key": access_key, **changes}
    return service.post("/v1/access-key-validations", json=body)


def test_staff_reads_an_access_key_that_a_site_accepts_with_the_published_keys(
    service: FlaskClient, client: FlaskClient, key: LicenseKey
) -> None:
    """S2-22: all that the site needs is the JWK Set."""
    answer = read(service, key.id)
    signers = read_signers(client.get(JWKS_PATH).get_json())

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    document = answer.get_json()
    assert {name: document[name] for name in ("key_id", "version")} == {"key_id": key.id, "version": 1}
    claims = accept_access_key(document["access_key"], signers, organization_id=ORGANIZATION, now=NOW)
    assert claims.key_id == key.id


def test_device_reads_those_of_its_organization_alone(client: FlaskClient, issuer: object, key: LicenseKey) -> None:
    """S2-9, T44: 404, not 403."""
    own, other = (issuer.token(LICENSE, organization_id=each) for each in (ORGANIZATION, new_id()))

    assert read(client, key.id, own).get_json()["key_id"] == key.id
    assert read(client, key.id, other).get_json() == read(client, new_id(), other).get_json()
    assert read(client, key.id, other).status_code == 404


def test_validation_names_the_license_key(service: FlaskClient, key: LicenseKey) -> None:
    """S1-38, S1-41."""
    text = read(service, key.id).get_json()["access_key"]

    answer = validated(service, f" {text.lower()}\n")

    assert answer.status_code == 200
    assert answer.get_json() == {"key_id": key.id, "organization_id": ORGANIZATION, "active": True}


def test_each_reason_to_refuse_has_a_code_of_its_own(service: FlaskClient, key: LicenseKey) -> None:
    """S1-41, S1-43: told apart for the audit; a stranger is told two."""
    text = read(service, key.id).get_json()["access_key"]
    mistyped = text[:6] + ("1" if text[6] == "0" else "0") + text[7:]

    answers = {
        "group_not_activated": validated(service, text, registration="pending"),
        "access_key_unreadable": validated(service, "0" * 60_000),
        "access_key_mistyped": validated(service, mistyped),
        "access_key_of_another_organization": validated(service, text, organization_id=new_id()),
    }

    assert {code: answer.get_json()["code"] for code, answer in answers.items()} == {code: code for code in answers}
    assert {answer.status_code for answer in answers.values()} == {409}
    assert answers["access_key_mistyped"].get_json()["errors"] == {
        "access_key": ["There is a typing mistake in group 2 of the access key."]
    }


def test_what_was_pasted_is_not_echoed(service: FlaskClient, key: LicenseKey) -> None:
    assert "K0NFIDENTIA1" not in validated(service, "K0NFIDENTIA1-SECRET").text


def test_fields_are_named(service: FlaskClient) -> None:
    """T45."""
    answer = validated(service, 1, registration="perhaps", organization_id="me", surplus="1")

    assert answer.status_code == 422
    assert set(answer.get_json()["errors"]) == {"access_key", "registration", "organization_id", "surplus"}


def test_published_keys_are_those_that_signed_and_will_sign(client: FlaskClient, signing_keys: KeyFolder) -> None:
    """T30, T32: anybody may read them."""
    create_signing_key(signing_keys, now=NOW)
    rotate_signing_key(signing_keys, now=NOW, is_urgent=True)

    document = client.get(JWKS_PATH).get_json()

    assert [member["kid"] for member in document["keys"]] == [key.kid for key in signing_keys.read().keys]
    assert all(set(member) == {"kty", "crv", "x", "y", "kid", "alg", "use"} for member in document["keys"])


def test_signing_keys_that_cannot_be_had_are_our_trouble(
    service: FlaskClient, key: LicenseKey, wired: Wired, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503 with Retry-After, and where they lie stays among us."""
    folder = wired.signing_keys._folder
    monkeypatch.setattr(wired.signing_keys, "_folder", folder / "nowhere")

    answer = read(service, key.id)

    assert (answer.status_code, answer.get_json()["code"]) == (503, "temporarily_unavailable")
    assert answer.headers["Retry-After"]
    assert str(folder) not in answer.text
