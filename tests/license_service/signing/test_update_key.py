"""The file of the key that signs update manifests."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from license_service.domain.errors import LicenseServiceError, SigningKeyUnavailableError, UpdateError
from license_service.signing.update_key import create_update_key, load_update_key, public_key_set
from wire.jwks import read_jwks

if TYPE_CHECKING:
    from pathlib import Path


def test_the_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    """T29, T62."""
    path = tmp_path / "update.pem"
    key = create_update_key(path)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_update_key(path).private_numbers() == key.private_numbers()
    with pytest.raises(UpdateError, match="is there already"):
        create_update_key(path)
    with pytest.raises(UpdateError, match="cannot be written"):
        create_update_key(tmp_path / "no folder" / "update.pem")


def test_what_clients_pin_has_no_private_member(tmp_path: Path) -> None:
    """T32."""
    keys = [create_update_key(tmp_path / name) for name in ("one.pem", "two.pem")]
    document = public_key_set(keys)

    assert [sorted(member) for member in document["keys"]] == [["alg", "crv", "kid", "kty", "use", "x", "y"]] * 2
    assert len(read_jwks(document)) == 2


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    """T29."""
    create_update_key(tmp_path / "update.pem")
    (tmp_path / "update.pem").chmod(0o640)

    with pytest.raises(SigningKeyUnavailableError, match="chmod 600"):
        load_update_key(tmp_path / "update.pem")


def written(path: Path, key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> Path:
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(pem)
    path.chmod(0o600)
    return path


def test_what_is_no_key_of_ours_is_refused(tmp_path: Path) -> None:
    nonsense = tmp_path / "nonsense.pem"
    nonsense.write_bytes(b"nonsense")
    nonsense.chmod(0o600)
    os.mkfifo(tmp_path / "pipe", 0o600)
    others = {
        nonsense: "not a private key",
        tmp_path / "pipe": "may use",
        tmp_path / "absent": "cannot be read",
        written(tmp_path / "rsa.pem", rsa.generate_private_key(65537, 2048)): "not a P-256 key",
        written(tmp_path / "p384.pem", ec.generate_private_key(ec.SECP384R1())): "not a P-256 key",
    }

    for path, said in others.items():
        with pytest.raises(LicenseServiceError, match=said):
            load_update_key(path)
