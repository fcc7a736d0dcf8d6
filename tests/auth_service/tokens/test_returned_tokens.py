"""Tokens of our own that come back: what is remembered of them, and what ends it (T19, T22, T30)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from auth_service.actions.create_signing_key import create_signing_key
from auth_service.actions.revoke_signing_keys import revoke_signing_keys
from auth_service.tokens import returned_tokens
from auth_service.tokens.key_vault import KeyVault
from auth_service.tokens.signing_keys import LOOK_AGAIN_SECONDS, SigningKeys
from auth_service.tokens.token_issuer import TokenIssuer
from tests.doubles.key_vaults import NOW, Monotonic
from wire.errors import TokenRefusedError
from wire.scopes import LICENSE_AUDIENCE, LICENSES_READ, NOTIFY_AUDIENCE
from wire.token_verification import TokenVerifier

if TYPE_CHECKING:
    from pathlib import Path

AUDIENCES = (LICENSE_AUDIENCE,)


@pytest.fixture
def vault(tmp_path: Path) -> KeyVault:
    vault = KeyVault(tmp_path / "keys")
    create_signing_key(vault, now=NOW)
    return vault


@pytest.fixture
def clock() -> Monotonic:
    return Monotonic()


@pytest.fixture
def issuer(vault: KeyVault, clock: Monotonic) -> TokenIssuer:
    return TokenIssuer(SigningKeys(vault, monotonic=clock), "https://auth.example")


@pytest.fixture
def token(issuer: TokenIssuer) -> str:
    return issuer.service_token("scripts", LICENSES_READ, datetime.now(UTC))


@pytest.fixture
def verified(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Give the tokens that were verified in full."""
    seen: list[str] = []
    verify = TokenVerifier.access_token

    def counted(verifier: TokenVerifier, token: str) -> object:
        seen.append(token)
        return verify(verifier, token)

    monkeypatch.setattr(TokenVerifier, "access_token", counted)
    return seen


def test_a_token_is_verified_once(issuer: TokenIssuer, token: str, verified: list[str]) -> None:
    first, second = (issuer.returned.access_token(token, AUDIENCES) for _ in range(2))

    assert first == second
    assert verified == [token]


def test_when_its_key_is_revoked_a_remembered_token_is_refused(
    issuer: TokenIssuer, token: str, vault: KeyVault, clock: Monotonic
) -> None:
    """T30: at once when this process has seen the change."""
    leaked = issuer.keys.current.kid
    issuer.returned.access_token(token, AUDIENCES)
    revoke_signing_keys(vault, [leaked], now=NOW)

    clock.seconds += LOOK_AGAIN_SECONDS

    with pytest.raises(TokenRefusedError):
        issuer.returned.access_token(token, AUDIENCES)


def test_what_is_remembered_for_one_audience_or_type_is_not_for_another(issuer: TokenIssuer, token: str) -> None:
    """T21, T22."""
    issuer.returned.access_token(token, AUDIENCES)

    with pytest.raises(TokenRefusedError):
        issuer.returned.access_token(token, (NOTIFY_AUDIENCE,))
    with pytest.raises(TokenRefusedError):
        issuer.returned.license_token(token)


def test_a_refusal_is_not_remembered_and_another_text_is_another_token(
    issuer: TokenIssuer, token: str, verified: list[str]
) -> None:
    """T19."""
    issuer.returned.access_token(token, AUDIENCES)
    signed, _, signature = token.rpartition(".")
    forged = f"{signed}.{signature[:10]}{'A' if signature[10] != 'A' else 'B'}{signature[11:]}"

    for _ in range(2):
        with pytest.raises(TokenRefusedError):
            issuer.returned.access_token(forged, AUDIENCES)

    assert verified == [token, forged, forged]


def test_no_more_than_so_many_are_remembered(
    issuer: TokenIssuer, token: str, verified: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(returned_tokens, "MOST_REMEMBERED", 2)
    others = [issuer.service_token("scripts", LICENSES_READ, datetime.now(UTC)) for _ in range(2)]

    for shown in (token, *others, token):
        issuer.returned.access_token(shown, AUDIENCES)

    assert verified == [token, *others, token]
