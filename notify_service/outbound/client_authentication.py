"""How this service shows auth_service who it is: by a secret (RFC 6749 §2.3.1), or by what it signs (RFC 7523 §2.2)."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import quote_plus
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from notify_service.domain.errors import SettingsError
from wire.dpop_key import public_jwk, thumbprint
from wire.token_types import CLIENT_AUTHENTICATION_TYPE, SIGNING_ALGORITHM

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

ASSERTION_SECONDS: Final = 60
_ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class ClientAuthentication(Protocol):
    """Whatever a token request says of who sends it."""

    def headers(self) -> Mapping[str, str]:
        """Give the headers that say so."""

    def form(self, now: datetime) -> Mapping[str, str]:
        """Give the parameters that say so."""


@dataclass(frozen=True, slots=True)
class ClientSecret:
    """`client_secret_basic`."""

    client_id: str
    secret: str = field(repr=False)

    def headers(self) -> Mapping[str, str]:
        # RFC 6749 §2.3.1: each of both is form-encoded first.
        pair = f"{quote_plus(self.client_id)}:{quote_plus(self.secret)}"
        return {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}

    def form(self, now: datetime) -> Mapping[str, str]:  # noqa: ARG002 - as ClientKey
        return {}


@dataclass(frozen=True, slots=True)
class ClientKey:
    """`private_key_jwt`: each request carries a new assertion, good for a minute. `audience` is the issuer."""

    client_id: str
    audience: str
    key: ec.EllipticCurvePrivateKey = field(repr=False)

    def headers(self) -> Mapping[str, str]:
        return {}

    def form(self, now: datetime) -> Mapping[str, str]:
        issued_at = int(now.timestamp())
        claims = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": self.audience,
            "iat": issued_at,
            "exp": issued_at + ASSERTION_SECONDS,
            "jti": str(uuid4()),
        }
        headers = {"kid": thumbprint(self.key.public_key()), "typ": CLIENT_AUTHENTICATION_TYPE}
        assertion = jwt.encode(claims, self.key, algorithm=SIGNING_ALGORITHM, headers=headers)
        return {"client_assertion_type": _ASSERTION_TYPE, "client_assertion": assertion}


def load_client_key(path: Path) -> ec.EllipticCurvePrivateKey:
    """Read the private key. Raises SettingsError."""
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except OSError as fault:
        raise SettingsError(f"NOTIFY_CLIENT_KEY_FILE: {path} cannot be read: {fault.strerror}.") from fault
    except (ValueError, TypeError) as fault:
        raise SettingsError(f"NOTIFY_CLIENT_KEY_FILE: {path} is not a private key in PEM form.") from fault
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise SettingsError(f"NOTIFY_CLIENT_KEY_FILE: {path} is not a P-256 key.")
    return key


def public_key_set(key: ec.EllipticCurvePrivateKey) -> dict[str, Any]:
    """Give the JWK Set that auth_service registers for this client."""
    half = key.public_key()
    member = {**public_jwk(half), "kid": thumbprint(half), "alg": SIGNING_ALGORITHM, "use": "sig"}
    return {"keys": [member]}
