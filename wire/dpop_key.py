"""The key that a client proves to hold, and the proofs it makes with it (RFC 9449 §4.2, RFC 7638)."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from typing import TYPE_CHECKING, Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from wire.errors import ProofRefusedError
from wire.token_types import DPOP_PROOF_TYPE, SIGNING_ALGORITHM

if TYPE_CHECKING:
    from datetime import datetime


class DpopKey:
    """A P-256 private key with its thumbprint; only proofs and the thumbprint leave it."""

    def __init__(self, private_key: ec.EllipticCurvePrivateKey) -> None:
        self._private_key = private_key
        self._public_jwk = public_jwk(private_key.public_key())
        self.jkt = thumbprint(private_key.public_key())

    @classmethod
    def generate(cls) -> DpopKey:
        return cls(ec.generate_private_key(ec.SECP256R1()))

    @classmethod
    def from_pem(cls, content: bytes) -> DpopKey:
        """Read what `pem` gave. Raises ProofRefusedError when it is not a P-256 private key."""
        try:
            key = serialization.load_pem_private_key(content, password=None)
        except (ValueError, TypeError) as fault:
            raise ProofRefusedError("The key is not a private key in PEM form.") from fault
        if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
            raise ProofRefusedError("The key is not a P-256 key.")
        return cls(key)

    def pem(self) -> bytes:
        """Give the private key in PEM form, to be kept where only its owner reads."""
        return self._private_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    def proof(
        self, method: str, url: str, now: datetime, *, access_token: str | None = None, nonce: str | None = None
    ) -> str:
        """Make the proof for one request, with a `jti` of its own; `url` is sent without query and fragment."""
        claims: dict[str, Any] = {
            "jti": secrets.token_urlsafe(16),
            "htm": method,
            "htu": url.partition("#")[0].partition("?")[0],
            "iat": int(now.timestamp()),
        }
        if access_token is not None:
            claims["ath"] = access_token_hash(access_token)
        if nonce is not None:
            claims["nonce"] = nonce
        headers = {"typ": DPOP_PROOF_TYPE, "jwk": self._public_jwk}
        return jwt.encode(claims, self._private_key, algorithm=SIGNING_ALGORITHM, headers=headers)


def public_jwk(key: ec.EllipticCurvePublicKey) -> dict[str, str]:
    """Give the members that make a public P-256 key, and no others (RFC 7518 §6.2.1)."""
    numbers = key.public_numbers()
    return {"crv": "P-256", "kty": "EC", "x": _coordinate(numbers.x), "y": _coordinate(numbers.y)}


def thumbprint(key: ec.EllipticCurvePublicKey) -> str:
    """Give the JWK SHA-256 thumbprint: the required members in lexicographic order, no white space (RFC 7638 §3)."""
    return _digest(json.dumps(public_jwk(key), separators=(",", ":"), sort_keys=True).encode())


def access_token_hash(access_token: str) -> str:
    """Give the `ath` that ties a proof to an access token (RFC 9449 §4.2)."""
    return _digest(access_token.encode())


def _digest(content: bytes) -> str:
    return _base64url(hashlib.sha256(content).digest())


def _coordinate(number: int) -> str:
    return _base64url(number.to_bytes(32, "big"))


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
