"""An issuer whose key the tests hold, and a forge that builds any compact JWS, however wrong."""

from __future__ import annotations

import base64
import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import jwt
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from wire.errors import KeysUnavailableError
from wire.scopes import LICENSE_AUDIENCE

if TYPE_CHECKING:
    from collections.abc import Mapping

ISSUER = "https://auth.example"


def _segment(content: bytes | Mapping[str, Any]) -> bytes:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


def _new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@dataclass
class Issuer:
    """Holds the key that signs and the one that is published beside it; as a wire.jwks.KeySource it can be away."""

    url: str = ISSUER
    keys: dict[str, ec.EllipticCurvePrivateKey] = field(
        default_factory=lambda: {"2026-01": _new_key(), "2026-02": _new_key()}
    )
    away: bool = False

    @property
    def kid(self) -> str:
        return next(iter(self.keys))

    @property
    def other_kid(self) -> str:
        return next(kid for kid in self.keys if kid != self.kid)

    @property
    def private_key(self) -> ec.EllipticCurvePrivateKey:
        return self.keys[self.kid]

    def public_member(self, kid: str | None = None) -> dict[str, Any]:
        key = self.keys.get(kid or self.kid, self.private_key)
        member = jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
        return {**member, "kid": kid or self.kid, "use": "sig", "alg": "ES256"}

    def key_set(self) -> dict[str, Any]:
        return {"keys": [self.public_member(kid) for kid in self.keys]}

    def key(self, kid: str) -> jwt.PyJWK | None:
        if self.away:
            raise KeysUnavailableError("The issuer's keys cannot be had at the moment.")
        return jwt.PyJWK(self.public_member(kid)) if kid in self.keys else None


@dataclass
class Forge:
    """Builds tokens part by part. A claim or header changed to `...` is left out."""

    issuer: Issuer

    def header(self, token_type: str = "at+jwt", **changes: Any) -> dict[str, Any]:
        return _changed({"alg": "ES256", "typ": token_type, "kid": self.issuer.kid}, changes)

    def access_claims(self, **changes: Any) -> dict[str, Any]:
        now = int(time.time())
        good = {
            "iss": self.issuer.url,
            "sub": "device-1",
            "aud": [LICENSE_AUDIENCE],
            "client_id": "tillpass-pos",
            "scope": "license",
            "iat": now,
            "exp": now + 300,
            "jti": "jti-1",
        }
        if "license" in str(changes.get("scope", good["scope"])).split():
            # A device's token, and only that, names an organization.
            good["organization_id"] = "organization-1"
        return _changed(good, changes)

    def license_claims(self, **changes: Any) -> dict[str, Any]:
        now = int(time.time())
        good = {
            "iss": self.issuer.url,
            "sub": "device-1",
            "aud": ["pos_client"],
            "iat": now,
            "nbf": now,
            "exp": now + 8 * 86400,
            "jti": "jti-1",
            "organization_id": "organization-1",
            "organization_name": "Corner Shop",
            "device_name": "Till 1",
            "license_id": "license-1",
            "features": ["xms"],
            "renewal_window_days": 30,
        }
        return _changed(good, changes)

    def signing_input(self, header: bytes | Mapping[str, Any], payload: bytes | Mapping[str, Any]) -> bytes:
        return _segment(header) + b"." + _segment(payload)

    def signature(self, signed: bytes, key: ec.EllipticCurvePrivateKey | None = None) -> bytes:
        signer = key or self.issuer.private_key
        r, s = decode_dss_signature(signer.sign(signed, ec.ECDSA(hashes.SHA256())))
        size = (signer.curve.key_size + 7) // 8
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")

    def compact(self, signed: bytes, signature: bytes) -> str:
        return (signed + b"." + _segment(signature)).decode()

    def token(
        self,
        header: bytes | Mapping[str, Any],
        payload: bytes | Mapping[str, Any],
        key: ec.EllipticCurvePrivateKey | None = None,
    ) -> str:
        signed = self.signing_input(header, payload)
        return self.compact(signed, self.signature(signed, key))

    def access_token(self, **changes: Any) -> str:
        return self.token(self.header(), self.access_claims(**changes))

    def license_token(self, **changes: Any) -> str:
        return self.token(self.header("license+jwt"), self.license_claims(**changes))


def _changed(good: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**good, **changes}.items() if value is not ...}
