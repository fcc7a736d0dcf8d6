"""RFC 9728, protected resource metadata: §2, §3 and §5.1, for both services with an API."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cryptography.fernet import Fernet

import license_service.app
import license_service.settings
import license_service.wiring
import notify_service.app
import notify_service.settings
import notify_service.wiring
from wire.scopes import (
    ENTITLEMENTS,
    LICENSE,
    LICENSES_READ,
    LICENSES_WRITE,
    NOTIFICATIONS_READ,
    NOTIFICATIONS_WRITE,
    WEBHOOKS_READ,
    WEBHOOKS_WRITE,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask.testing import FlaskClient

ISSUER = "https://auth.example"
LICENSES = "https://licenses.example"
NOTIFICATIONS = "https://notify.example"
WELL_KNOWN = "/.well-known/oauth-protected-resource"


@pytest.fixture
def licenses(tmp_path: Path) -> Iterator[FlaskClient]:
    settings = license_service.settings.load_settings(
        {
            "LICENSE_DATABASE_URL": f"sqlite:///{tmp_path / 'license.db'}",
            "LICENSE_PUBLIC_URL": LICENSES,
            "LICENSE_ISSUER": ISSUER,
            "LICENSE_KEY_FOLDER": str(tmp_path / "keys"),
        }
    )
    wired = license_service.wiring.wire_up(settings)
    yield license_service.app.create_app(settings, wired).test_client()
    wired.database.close()


@pytest.fixture
def notifications(tmp_path: Path) -> Iterator[FlaskClient]:
    settings = notify_service.settings.load_settings(
        {
            "NOTIFY_DATABASE_URL": f"sqlite:///{tmp_path / 'notify.db'}",
            "NOTIFY_REDIS_URL": "redis://127.0.0.1:1/0",
            "NOTIFY_PUBLIC_URL": NOTIFICATIONS,
            "NOTIFY_ISSUER": ISSUER,
            "NOTIFY_NOTIFICATION_KEY": Fernet.generate_key().decode(),
            "NOTIFY_SMTP_HOST": "127.0.0.1",
            "NOTIFY_SMTP_PORT": "25",
            "NOTIFY_SMTP_SECURITY": "none",
            "NOTIFY_FROM_ADDRESS": "tillpass@example.com",
        }
    )
    wired = notify_service.wiring.wire_up(settings)
    yield notify_service.app.create_app(wired).test_client()
    wired.database.close()


def test_section_2_license_service_describes_itself(licenses: FlaskClient) -> None:
    """§2: resource is REQUIRED; the issuer, the scopes, and how a token is sent (T22, T50)."""
    answer = licenses.get(WELL_KNOWN, base_url=LICENSES)

    assert answer.get_json() == {
        "resource": LICENSES,
        "authorization_servers": [ISSUER],
        "scopes_supported": sorted(
            [ENTITLEMENTS, LICENSE, LICENSES_READ, LICENSES_WRITE, WEBHOOKS_READ, WEBHOOKS_WRITE]
        ),
        "bearer_methods_supported": ["header"],
        "dpop_signing_alg_values_supported": ["ES256"],
        "resource_name": "Tillpass License service",
        "jwks_uri": f"{LICENSES}/.well-known/jwks.json",
    }


def test_section_2_notify_service_describes_itself(notifications: FlaskClient) -> None:
    """§2: only the scopes of this audience (T22)."""
    document = notifications.get(WELL_KNOWN, base_url=NOTIFICATIONS).get_json()

    assert document["resource"] == NOTIFICATIONS
    assert document["scopes_supported"] == [NOTIFICATIONS_READ, NOTIFICATIONS_WRITE]


def test_section_2_no_parameter_has_an_empty_value(licenses: FlaskClient) -> None:
    """§2 and §3.2: "parameters with zero values MUST be omitted from the response"."""
    document = licenses.get(WELL_KNOWN, base_url=LICENSES).get_json()

    assert [name for name, value in document.items() if not value] == []


def test_section_3_1_the_document_is_asked_for_with_get(licenses: FlaskClient) -> None:
    """§3.1: "MUST be queried using an HTTP GET request"."""
    assert licenses.post(WELL_KNOWN, base_url=LICENSES).status_code == 405


def test_section_3_2_the_answer_is_json(licenses: FlaskClient) -> None:
    """§3.2: 200 OK "and return a JSON object using the application/json content type"."""
    answer = licenses.get(WELL_KNOWN, base_url=LICENSES)

    assert (answer.status_code, answer.content_type) == (200, "application/json")


def test_section_3_3_the_resource_is_the_one_that_was_asked(licenses: FlaskClient) -> None:
    """§3.3: the value "MUST be identical to the protected resource's resource identifier", whatever Host was named."""
    document = licenses.get(WELL_KNOWN, base_url="http://127.0.0.1:8002").get_json()

    assert document["resource"] == LICENSES


@pytest.mark.parametrize("authorization", [None, "Bearer nonsense"])
def test_section_5_1_a_challenge_of_license_service_leads_to_its_metadata(
    licenses: FlaskClient, authorization: str | None
) -> None:
    """§5.1: resource_metadata, "the URL of the protected resource metadata"."""
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = licenses.get("/v1/license-keys", base_url=LICENSES, headers=headers)

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].endswith(f'resource_metadata="{LICENSES}{WELL_KNOWN}"')


def test_section_5_1_a_challenge_of_notify_service_leads_to_its_metadata(notifications: FlaskClient) -> None:
    """§5.1."""
    answer = notifications.get("/v1/notifications", base_url=NOTIFICATIONS)

    assert answer.headers["WWW-Authenticate"] == f'Bearer resource_metadata="{NOTIFICATIONS}{WELL_KNOWN}"'
