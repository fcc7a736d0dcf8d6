"""The public halves of the signing keys: published for pinning (RFC 7517 §5), and to verify with here.

Only `kty crv x y kid alg use` ever leave the house (T32): the state of the keys holds no private half.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wire.access_key import read_signers
from wire.token_types import SIGNING_ALGORITHM

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

    from license_service.domain.signing_key import KeyRing


def jwk_set(ring: KeyRing) -> dict[str, Any]:
    """Give the JWK Set document."""
    same = {"kty": "EC", "crv": "P-256", "alg": SIGNING_ALGORITHM, "use": "sig"}
    return {"keys": [{"kid": key.kid, "x": key.x, "y": key.y, **same} for key in ring.keys]}


def signers_of(ring: KeyRing) -> tuple[EllipticCurvePublicKey, ...]:
    """Give the keys to verify with; none where none was ever made."""
    return read_signers(jwk_set(ring)) if ring.keys else ()
