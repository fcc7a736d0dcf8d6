"""Signing keys: P-256 private keys in a folder of their own, one PEM file each, named by `kid` (RFC 7517, RFC 7638).

Rules: owner-only files, refused otherwise (T29); held as key objects, since reading a PEM costs a thousand signatures;
the newest key signs, all are published; of a key only its public members leave the house (T32).
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from auth_service.domain.errors import SettingsError
from wire.jwks import read_jwks
from wire.token_types import SIGNING_ALGORITHM

if TYPE_CHECKING:
    from pathlib import Path

    import jwt


@dataclass(frozen=True)
class SigningKey:
    """One key: the private half to sign with, and its public JWK."""

    kid: str
    private_key: ec.EllipticCurvePrivateKey
    public_jwk: dict[str, str]


class SigningKeys:
    """The keys of one folder, as they were at start. Also a KeySource, for verifying our own tokens."""

    def __init__(self, folder: Path) -> None:
        """Read the folder. Raises SettingsError when it has no key, or one that others may read."""
        files = sorted(folder.glob("*.pem"), key=lambda path: (path.stat().st_mtime_ns, path.name))
        if not files:
            raise SettingsError(f"There is no signing key in {folder}. Make one with: auth-service create-key")
        self._keys = [_read(path) for path in files]
        self._verification_keys = read_jwks(self.jwks())

    @property
    def current(self) -> SigningKey:
        """The key that signs."""
        return self._keys[-1]

    def jwks(self) -> dict[str, Any]:
        """Give the JWK Set document with the public half of every key."""
        return {"keys": [key.public_jwk for key in self._keys]}

    def key(self, kid: str) -> jwt.PyJWK | None:
        """Give the public key that `kid` names."""
        return self._verification_keys.get(kid)


def create_signing_key(folder: Path) -> str:
    """Make a key, newest in the folder, and give its kid."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = _signing_key(ec.generate_private_key(ec.SECP256R1()))
    pem = key.private_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    descriptor = os.open(folder / f"{key.kid}.pem", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    return key.kid


def _read(path: Path) -> SigningKey:
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise SettingsError(f"Others than its owner may read {path}. Run: chmod 600 {path}")
    try:
        private_key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except ValueError as fault:
        raise SettingsError(f"{path} is not a private key in PEM form.") from fault
    if not isinstance(private_key, ec.EllipticCurvePrivateKey) or not isinstance(private_key.curve, ec.SECP256R1):
        raise SettingsError(f"{path} is not a P-256 key.")
    return _signing_key(private_key)


def _signing_key(private_key: ec.EllipticCurvePrivateKey) -> SigningKey:
    numbers = private_key.public_key().public_numbers()
    jwk = {"kty": "EC", "crv": "P-256", "x": _base64url(numbers.x), "y": _base64url(numbers.y)}
    # RFC 7638 §3: the required members in lexicographic order, without white space.
    canonical = json.dumps(jwk, separators=(",", ":"), sort_keys=True).encode()
    kid = base64.urlsafe_b64encode(hashlib.sha256(canonical).digest()).rstrip(b"=").decode()
    return SigningKey(
        kid=kid, private_key=private_key, public_jwk={**jwk, "kid": kid, "alg": SIGNING_ALGORITHM, "use": "sig"}
    )


def _base64url(number: int) -> str:
    return base64.urlsafe_b64encode(number.to_bytes(32, "big")).rstrip(b"=").decode()
