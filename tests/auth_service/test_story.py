"""The main story of the service, from the codes to a refreshed license."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wire.token_verification import LicenseTokenVerifier, TokenVerifier

if TYPE_CHECKING:
    from tests.doubles.auth_house import House


def test_an_approved_device_gets_tokens_that_say_who_it_is(house: House) -> None:
    """S3-13, S3-21 … S3-23: the license token carries the chosen device's identity, features and hub."""
    tokens = house.tokens()

    claims = LicenseTokenVerifier(house.wired.keys, "http://127.0.0.1:8001").license_token(tokens["license_token"])
    assert claims.sub == house.device_id
    assert claims.organization_name == "Bakery"
    assert claims.features == ("xms",)
    assert (claims.hub_server_name, claims.hub_server_url) == ("Hub", "https://hub.example.com")
    assert claims.exp - claims.iat == 8 * 24 * 3600
    access = TokenVerifier(house.wired.keys, "http://127.0.0.1:8001", "license_service").access_token(
        tokens["access_token"]
    )
    assert (access.sub, access.client_id, access.organization_id) == (
        house.device_id,
        "tillpass-pos",
        house.organization_id,
    )


def test_a_refresh_token_gives_its_successor_once(house: House) -> None:
    """RFC 9700 §4.14.2: rotation."""
    first = house.tokens()["refresh_token"]

    second = house.refresh(first)

    assert second.status_code == 200
    assert second.json["refresh_token"] != first
    assert house.refresh(second.json["refresh_token"]).status_code == 200
    again = house.refresh(first)
    assert (again.status_code, again.json["error"]) == (400, "invalid_grant")
