"""The public half of a signing key as a JWK, and its thumbprint (RFC 7517 §4, RFC 7518 §6.2.1, RFC 7638).

Only `kty crv x y kid alg use` ever leave the house (T32): they are put together here, from the public half alone.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING

from wire.token_types import SIGNING_ALGORITHM

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import ec

    from auth_service.domain.key_ring import KeyRecord


def coordinates(public_key: ec.EllipticCurvePublicKey) -> tuple[str, str]:
    """Give the members `x` and `y`."""
    numbers = public_key.public_numbers()
    return _base64url(numbers.x.to_bytes(32, "big")), _base64url(numbers.y.to_bytes(32, "big"))


def thumbprint(public_key: ec.EllipticCurvePublicKey) -> str:
    """Give the `kid`: the SHA-256 thumbprint of the JWK."""
    return thumbprint_of(*coordinates(public_key))


def thumbprint_of(x: str, y: str) -> str:
    # RFC 7638 §3: the required members in lexicographic order, without white space.
    canonical = json.dumps({"crv": "P-256", "kty": "EC", "x": x, "y": y}, separators=(",", ":")).encode()
    return _base64url(hashlib.sha256(canonical).digest())


def public_jwk(key: KeyRecord) -> dict[str, str]:
    return {
        "kty": "EC",
        "crv": "P-256",
        "x": key.x,
        "y": key.y,
        "kid": key.kid,
        "alg": SIGNING_ALGORITHM,
        "use": "sig",
    }


def _base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
