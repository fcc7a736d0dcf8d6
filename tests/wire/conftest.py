"""An issuer whose key the tests hold, and a forge that builds any compact JWS, however wrong."""

from __future__ import annotations

import base64
import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import jwt
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from hypothesis import settings

from wire.errors import KeysUnavailableError
from wire.http_client import HttpClient
from wire.scopes import LICENSE_AUDIENCE
from wire.token_verification import LicenseTokenVerifier, TokenVerifier

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# A busy machine must not fail a test of what is right.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

ISSUER = "https://auth.example"
KID = "2026-01"
TINY_SECONDS = 0.1


def _segment(content: bytes | Mapping[str, Any]) -> bytes:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


@dataclass
class Issuer:
    """The source of one key; it says which kids it was asked for."""

    private_key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    away: bool = False

    def public_member(self, kid: str = KID) -> dict[str, Any]:
        member = jwt.algorithms.ECAlgorithm.to_jwk(self.private_key.public_key(), as_dict=True)
        return {**member, "kid": kid, "use": "sig", "alg": "ES256"}

    def key(self, kid: str) -> jwt.PyJWK | None:
        if self.away:
            raise KeysUnavailableError("The issuer's keys cannot be had at the moment.")
        return jwt.PyJWK(self.public_member()) if kid == KID else None


@dataclass
class Forge:
    """Builds tokens part by part. A claim or header changed to `...` is left out."""

    issuer: Issuer

    def header(self, token_type: str = "at+jwt", **changes: Any) -> dict[str, Any]:
        return _changed({"alg": "ES256", "typ": token_type, "kid": KID}, changes)

    def access_claims(self, **changes: Any) -> dict[str, Any]:
        now = int(time.time())
        good = {
            "iss": ISSUER,
            "sub": "device-1",
            "aud": [LICENSE_AUDIENCE],
            "client_id": "tillpass-pos",
            "scope": "license",
            "iat": now,
            "exp": now + 300,
            "jti": "jti-1",
        }
        return _changed(good, changes)

    def license_claims(self, **changes: Any) -> dict[str, Any]:
        now = int(time.time())
        good = {
            "iss": ISSUER,
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


@pytest.fixture(scope="session")
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture(scope="session")
def forge(issuer: Issuer) -> Forge:
    return Forge(issuer)


@pytest.fixture(scope="session")
def verifier(issuer: Issuer) -> TokenVerifier:
    """Give the verifier of license_service, as any service makes it."""
    return TokenVerifier(keys=issuer, issuer=ISSUER, audience=LICENSE_AUDIENCE)


@pytest.fixture(scope="session")
def license_verifier(issuer: Issuer) -> LicenseTokenVerifier:
    return LicenseTokenVerifier(issuer, ISSUER)


@pytest.fixture
def http_client() -> Iterator[HttpClient]:
    opened = HttpClient(connect_seconds=2, read_seconds=10)
    yield opened
    opened._pool.clear()


@pytest.fixture
def impatient_http_client() -> Iterator[HttpClient]:
    opened = HttpClient(connect_seconds=TINY_SECONDS, read_seconds=TINY_SECONDS)
    yield opened
    opened._pool.clear()
