"""A token as it is signed (RFC 7515 §5.1): byte for byte what PyJWT would sign, by the key of now (T29, T30)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import jwt
import pytest

from auth_service.actions.create_signing_key import create_signing_key
from auth_service.actions.promote_signing_key import promote_signing_key
from auth_service.tokens.key_vault import KeyVault
from auth_service.tokens.signing_keys import LOOK_AGAIN_SECONDS, SigningKeys
from auth_service.tokens.token_issuer import TokenIssuer
from tests.doubles.key_vaults import NOW, Monotonic

if TYPE_CHECKING:
    from pathlib import Path

ISSUER = "https://auth.example"


@pytest.fixture
def vault(tmp_path: Path) -> KeyVault:
    vault = KeyVault(tmp_path / "keys")
    create_signing_key(vault, now=NOW)
    return vault


@pytest.mark.parametrize("claims", [{}, {"iss": ISSUER, "aud": ["a", "b"], "exp": 1}, {"name": "Bäckerei 🥐 / \x00"}])
def test_it_signs_what_pyjwt_would_sign(vault: KeyVault, claims: dict[str, Any]) -> None:
    keys = SigningKeys(vault)

    token = TokenIssuer(keys, ISSUER).sign(claims, "license+jwt")

    key = keys.current
    library = jwt.encode(claims, key.private_key, "ES256", headers={"typ": "license+jwt", "kid": key.kid})
    read, expected = (
        jwt.decode_complete(
            each, keys.key(key.kid), algorithms=["ES256"], options={"verify_aud": False, "verify_exp": False}
        )
        for each in (token, library)
    )
    assert (read["header"], read["payload"]) == (expected["header"], expected["payload"])


def test_the_header_names_the_key_and_the_type_of_each_token(vault: KeyVault) -> None:
    clock = Monotonic()
    keys = SigningKeys(vault, monotonic=clock)
    issuer = TokenIssuer(keys, ISSUER)
    first = keys.current.kid
    following = create_signing_key(vault, now=NOW)[0].kid

    before = [_header(issuer, "at+jwt"), _header(issuer, "license+jwt")]
    promote_signing_key(vault, now=NOW + timedelta(days=1))
    clock.seconds += LOOK_AGAIN_SECONDS

    assert before == [
        {"alg": "ES256", "kid": first, "typ": "at+jwt"},
        {"alg": "ES256", "kid": first, "typ": "license+jwt"},
    ]
    assert _header(issuer, "at+jwt") == {"alg": "ES256", "kid": following, "typ": "at+jwt"}


def test_no_two_tokens_have_one_jti(vault: KeyVault) -> None:
    """RFC 7519 §4.1.7: 128 random bits."""
    issuer = TokenIssuer(SigningKeys(vault), ISSUER)

    ids = [_claims(issuer.service_token("scripts", "licenses.read", NOW))["jti"] for _ in range(50)]

    assert len(set(ids)) == len(ids)
    assert all(len(bytes.fromhex(jti)) == 16 for jti in ids)


def _header(issuer: TokenIssuer, token_type: str) -> dict[str, Any]:
    return jwt.get_unverified_header(issuer.sign({}, token_type))


def _claims(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims
