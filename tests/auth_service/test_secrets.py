"""What opens or licenses something cannot be guessed, forged, or read in the tables (T34, T57)."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest
from flask.sessions import SecureCookieSessionInterface

from auth_service.domain.refresh_token import read_refresh_token
from wire.errors import TokenRefusedError
from wire.token_verification import LicenseTokenVerifier

if TYPE_CHECKING:
    from tests.doubles.auth_house import House

ISSUER = "http://127.0.0.1:8001"
ENOUGH_BYTES = 128 // 8


def _session_of(house: House) -> str:
    """Give the secret in the cookie of an operator who signs in."""
    cookie = house.sign_in().web.get_cookie("tillpass", domain="127.0.0.1")
    serializer = SecureCookieSessionInterface().get_signing_serializer(house.app)
    assert cookie is not None
    assert serializer is not None
    return str(serializer.loads(cookie.decoded_value)["_user_id"])


def test_no_secret_has_less_than_128_random_bits(house: House) -> None:
    """T04, T34: drawn 50 times, none comes twice; the ids that stand beside a refresh token's secret do not count."""
    device_codes = [house.ask_codes()["device_code"] for _ in range(50)]
    refresh_token = house.tokens()["refresh_token"]

    assert len(set(device_codes)) == 50
    assert {len(base64.urlsafe_b64decode(code + "=")) for code in device_codes} == {32}
    assert len(base64.urlsafe_b64decode(_session_of(house) + "=")) >= ENOUGH_BYTES
    assert len(base64.urlsafe_b64decode(house.client_secret + "=")) >= ENOUGH_BYTES
    assert len(base64.urlsafe_b64decode(refresh_token + "=")) - 16 - 4 - 16 >= ENOUGH_BYTES


def test_who_knows_the_ids_of_a_grant_cannot_make_its_token(house: House) -> None:
    """T34: grant id and generation are no secrets; all else of a refresh token is."""
    token = house.tokens()["refresh_token"]
    shown = read_refresh_token(token)
    assert shown is not None
    known = base64.urlsafe_b64decode(token + "=")[:20]

    made_up = base64.urlsafe_b64encode(known + bytes(48)).rstrip(b"=").decode()

    assert house.refresh(made_up).json["error"] == "invalid_grant"
    assert house.refresh(token).status_code == 200


@pytest.mark.parametrize("part", [0, 1, 2])
def test_a_license_with_one_changed_letter_is_none(house: House, part: int) -> None:
    """T34: a license is a signed text."""
    license_token = house.tokens()["license_token"]
    verifier = LicenseTokenVerifier(house.wired.keys, ISSUER)
    parts = license_token.split(".")
    parts[part] = parts[part][:10] + ("A" if parts[part][10] != "A" else "B") + parts[part][11:]

    assert verifier.license_token(license_token).sub == house.device_id
    with pytest.raises(TokenRefusedError):
        verifier.license_token(".".join(parts))


def test_no_table_holds_a_secret(house: House) -> None:
    """T34, T57: the secret of a client, the code and token of a device, the cookie of an operator."""
    codes = house.ask_codes()
    house.decide(codes["user_code"])
    tokens = house.poll(codes["device_code"]).json
    session = _session_of(house)
    with house.wired.database.reading() as connection:
        tables = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars().all()
        rows = {table: str(connection.exec_driver_sql(f"SELECT * FROM {table}").all()) for table in tables}

    secrets = [house.client_secret, codes["device_code"], tokens["refresh_token"], tokens["access_token"], session]
    assert {"clients", "grants", "portal_sessions"} <= {table for table, text in rows.items() if text != "[]"}
    assert [(table, secret) for table, text in rows.items() for secret in secrets if secret in text] == []
