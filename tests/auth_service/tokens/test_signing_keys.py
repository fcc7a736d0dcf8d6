"""Signing keys in their folder (T29, T32)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from auth_service.domain.errors import SettingsError
from auth_service.tokens.signing_keys import SigningKeys, create_signing_key

if TYPE_CHECKING:
    from pathlib import Path


def test_a_new_key_is_owner_only_and_signs(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    kid = create_signing_key(folder)

    assert SigningKeys(folder).current.kid == kid
    assert (folder / f"{kid}.pem").stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700


def test_the_newest_key_signs_and_all_are_published(tmp_path: Path) -> None:
    first, second = create_signing_key(tmp_path), create_signing_key(tmp_path)
    os.utime(tmp_path / f"{first}.pem", (1, 1))

    keys = SigningKeys(tmp_path)

    assert keys.current.kid == second
    assert {key["kid"] for key in keys.jwks()["keys"]} == {first, second}
    assert keys.key(first) is not None


def test_only_public_members_are_published(tmp_path: Path) -> None:
    """T32."""
    create_signing_key(tmp_path)

    (jwk,) = SigningKeys(tmp_path).jwks()["keys"]

    assert set(jwk) == {"kty", "crv", "x", "y", "kid", "alg", "use"}


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    """T29."""
    kid = create_signing_key(tmp_path)
    (tmp_path / f"{kid}.pem").chmod(0o640)

    with pytest.raises(SettingsError, match="chmod 600"):
        SigningKeys(tmp_path)


def test_an_empty_folder_says_how_to_make_a_key(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="auth-service create-key"):
        SigningKeys(tmp_path)


@pytest.mark.parametrize(
    "content", [b"", b"not a key", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"]
)
def test_a_file_that_is_no_key_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.pem"
    path.write_bytes(content)
    path.chmod(0o600)

    with pytest.raises(SettingsError, match=r"broken\.pem"):
        SigningKeys(tmp_path)


def test_a_key_of_another_curve_is_refused(tmp_path: Path) -> None:
    """T19: one algorithm."""
    path = tmp_path / "p384.pem"
    path.write_bytes(
        ec.generate_private_key(ec.SECP384R1()).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    path.chmod(0o600)

    with pytest.raises(SettingsError, match="P-256"):
        SigningKeys(tmp_path)
