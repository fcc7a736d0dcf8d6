"""What a license token must be before it is believed: T19 … T22, T60, T62, S3-29."""

from __future__ import annotations

import base64
import hmac
import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from pos_client.errors import LicenseRefusedError, NoContactError
from pos_client.license_verifier import check_successor, read_license_token
from pos_client.trusted_keys import TrustedKeys, fetch_key_set
from tests.pos_client.issuer_simulator import JWKS, Key
from wire.errors import KeysUnavailableError

if TYPE_CHECKING:
    from typing import Any

    from pos_client.issuer import Issuer
    from tests.pos_client.clock import Clock
    from tests.pos_client.issuer_simulator import IssuerSimulator
    from wire.claims import LicenseTokenClaims


def read(simulator: IssuerSimulator, token: str) -> LicenseTokenClaims:
    keys = {"keys": [key.public_jwk for key in simulator.published]}
    return read_license_token(token, issuer=simulator.issuer, keys=keys)


def encoded(document: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")


def refused(simulator: IssuerSimulator, token: str) -> bool:
    with pytest.raises(LicenseRefusedError):
        read(simulator, token)
    return True


def test_a_good_token_is_read(simulator: IssuerSimulator) -> None:
    claims = read(simulator, simulator.license_token())

    assert (claims.sub, claims.features, claims.hub_server_name) == ("server-17", ("xms",), "Head Office")


@pytest.mark.parametrize("off", [timedelta(days=-400), timedelta(days=400)])
def test_the_clock_of_this_machine_has_no_say(simulator: IssuerSimulator, clock: Clock, off: timedelta) -> None:
    """T60: a token made long before or after "now" is read; other rules judge its dates."""
    clock.advance(days=off.days)

    assert read(simulator, simulator.license_token()).sub == "server-17"


def test_a_token_signed_by_a_stranger_is_refused(simulator: IssuerSimulator) -> None:
    assert refused(simulator, simulator.license_token(key=Key("first")))
    assert refused(simulator, simulator.license_token(key=Key("unknown")))


def test_an_access_token_is_not_a_license_token(simulator: IssuerSimulator) -> None:
    """T21."""
    assert refused(simulator, simulator.license_token(typ="at+jwt"))
    assert refused(simulator, simulator.license_token(typ="JWT"))


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://evil.example"},
        {"aud": ["license_service"]},
        {"sub": None},
        {"exp": None},
        {"iat": None},
        {"jti": None},
        {"features": "xms"},
        {"renewal_date": "31.12.2026"},
        {"iat": 0},
        {"exp": 1},
        {"exp": 10**18},
        {"exp": 1.5},
    ],
)
def test_a_token_with_a_wrong_claim_is_refused(simulator: IssuerSimulator, changes: dict[str, Any]) -> None:
    """T22."""
    assert refused(simulator, simulator.license_token(**changes))


def test_an_unsigned_token_is_refused(simulator: IssuerSimulator) -> None:
    """T19."""
    payload = simulator.license_token().split(".")[1]
    header = encoded({"alg": "none", "typ": "license+jwt", "kid": "first"})

    assert refused(simulator, f"{header}.{payload}.")


def test_the_public_key_is_no_hmac_secret(simulator: IssuerSimulator) -> None:
    """T19."""
    pem = simulator.key.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    header = {"alg": "HS256", "kid": "first", "typ": "license+jwt"}
    signed = f"{encoded(header)}.{simulator.license_token().split('.')[1]}"
    signature = hmac.digest(pem, signed.encode(), "sha256")

    assert refused(simulator, f"{signed}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}")


def test_a_changed_payload_is_refused(simulator: IssuerSimulator) -> None:
    head, payload, signature = simulator.license_token().split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    forged = encoded({**claims, "features": ["xms", "all"]})

    assert refused(simulator, f"{head}.{forged}.{signature}")


@pytest.mark.parametrize("token", ["", "a.b.c", "x" * 10_000, "\x00", "é.é.é"])
def test_what_is_no_token_is_refused(simulator: IssuerSimulator, token: str) -> None:
    assert refused(simulator, token)


@pytest.mark.parametrize("keys", [{}, {"keys": []}, {"keys": "x"}])
def test_without_keys_nothing_is_believed(simulator: IssuerSimulator, keys: dict[str, Any]) -> None:
    with pytest.raises(LicenseRefusedError):
        read_license_token(simulator.license_token(), issuer=simulator.issuer, keys=keys)
    with pytest.raises(KeysUnavailableError):
        TrustedKeys(keys)


def test_a_successor_is_for_the_same_server_id(simulator: IssuerSimulator) -> None:
    """T22: one device's license never becomes another's by a refresh."""
    held = read(simulator, simulator.license_token())
    other = read(simulator, simulator.license_token(sub="server-18"))

    with pytest.raises(LicenseRefusedError, match="another Server ID"):
        check_successor(other, held)


def test_an_older_token_played_again_is_refused(simulator: IssuerSimulator, clock: Clock) -> None:
    """T60: or the clock mark could be wound back with it."""
    old = read(simulator, simulator.license_token())
    clock.advance(seconds=60)
    near = read(simulator, simulator.license_token())
    check_successor(old, near)
    clock.advance(seconds=1)
    held = read(simulator, simulator.license_token())

    with pytest.raises(LicenseRefusedError, match="older"):
        check_successor(old, held)


def test_the_key_set_comes_from_the_issuers_own_address_and_is_kept_bare(
    issuer: Issuer, simulator: IssuerSimulator
) -> None:
    keys = fetch_key_set(issuer)

    assert keys == {"keys": [simulator.key.public_jwk]}
    assert TrustedKeys(keys).key("first") is not None
    assert TrustedKeys(keys).key("second") is None


@pytest.mark.parametrize("trouble", ["html", "503", "500", "hang_up"])
def test_a_key_set_that_does_not_come_is_no_contact(issuer: Issuer, simulator: IssuerSimulator, trouble: str) -> None:
    # A kept connection that is closed as we use it is tried once more.
    simulator.trouble(JWKS, trouble, trouble)

    with pytest.raises(NoContactError):
        fetch_key_set(issuer)


def test_a_key_set_without_a_key_of_ours_is_no_contact(issuer: Issuer, simulator: IssuerSimulator) -> None:
    simulator.published = []

    with pytest.raises(NoContactError):
        fetch_key_set(issuer)
