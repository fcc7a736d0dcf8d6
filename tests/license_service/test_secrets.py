"""Whoever reads the tables, or a backup of them, opens and licenses nothing by what stands there (T57)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from license_service.storage.tables import metadata

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.testing import FlaskClient

    from database.engine import Database
    from license_service.domain.license_key import LicenseKey

ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11"
KEY = "8e03978e-40d5-43dd-bc93-6894a57f9324"
OTHER_KEY = "0c8f2a91-3b7d-4e6a-9f10-5d2c7b8e4a63"
TERMS = {"url": "https://hooks.example/", "event_types": ["seat.claimed"], "description": "Order management"}


def everything(database: Database) -> str:
    with database.reading() as connection:
        rows = [row for table in metadata.sorted_tables for row in connection.execute(table.select())]
    return "\n".join(repr(tuple(row)) for row in rows)


def test_no_table_holds_a_secret(
    service: FlaskClient, database: Database, sell: Callable[..., LicenseKey], signing_keys: Any
) -> None:
    """T57: access keys, secrets of webhooks, tokens, and what answers held of them, are sealed or not kept."""
    key = sell(database, ORGANIZATION)
    with_key = {"Idempotency-Key": KEY}

    made = service.post("/v1/webhook-endpoints", json=TERMS, headers=with_key).get_json()
    text = service.get(f"/v1/license-keys/{key.id}/access-key").get_json()["access_key"]
    asked = {"organization_id": ORGANIZATION, "trigger": "manual", "held": []}
    delivered = service.post("/v1/synchronizations", json=asked, headers={"Idempotency-Key": OTHER_KEY}).get_json()

    kept = everything(database)
    token = service.environ_base["HTTP_AUTHORIZATION"].removeprefix("Bearer ")
    secrets = [
        made["secret"],
        made["secret"].removeprefix("whsec_"),
        text,
        text.replace("-", ""),
        token,
        KEY,
        OTHER_KEY,
    ]
    assert delivered["keys"][0]["access_key"] == text
    assert key.id in kept
    assert [secret for secret in secrets if secret in kept] == []
    private = signing_keys.current_key().private_numbers().private_value
    assert str(private) not in kept
    assert f"{private:x}" not in kept
