"""The key that signs update manifests and nothing else: a PEM file, best on a machine without a network (T62)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from license_service.domain.errors import UpdateError
from license_service.signing.private_files import read_private_file
from wire.dpop_key import public_jwk, thumbprint
from wire.token_types import SIGNING_ALGORITHM

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def create_update_key(path: Path) -> ec.EllipticCurvePrivateKey:
    """Make a key in a new file for its owner alone. Raises UpdateError, also when the file is there already."""
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError as fault:
        raise UpdateError(
            f"{path} is there already. A key that was given up would leave its clients behind."
        ) from fault
    except OSError as fault:
        raise UpdateError(f"{path} cannot be written: {fault.strerror}.") from fault
    return key


def load_update_key(path: Path) -> ec.EllipticCurvePrivateKey:
    """Read the key. Raises UpdateError, or SigningKeyUnavailableError for a file that others may read."""
    try:
        key = serialization.load_pem_private_key(read_private_file(path), password=None)
    except FileNotFoundError as fault:
        raise UpdateError(f"{path} cannot be read: {fault.strerror}.") from fault
    except (ValueError, TypeError) as fault:
        raise UpdateError(f"{path} is not a private key in PEM form.") from fault
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise UpdateError(f"{path} is not a P-256 key.")
    return key


def public_key_set(keys: Iterable[ec.EllipticCurvePrivateKey]) -> dict[str, Any]:
    """Give the JWK Set that clients pin: the public halves alone, each named by its thumbprint (RFC 7638)."""
    members = [
        {**public_jwk(half), "kid": thumbprint(half), "alg": SIGNING_ALGORITHM, "use": "sig"}
        for half in (key.public_key() for key in keys)
    ]
    return {"keys": members}
