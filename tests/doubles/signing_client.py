"""A confidential client that signs for itself (RFC 7523), as a service of a customer would."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

if TYPE_CHECKING:
    from datetime import datetime

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass
class SigningClient:
    """Makes assertions. A claim or header that is given as `...` is left out."""

    client_id: str
    audience: str
    kid: str = "key-1"
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def public_member(self) -> dict[str, Any]:
        return {**jwt.algorithms.ECAlgorithm.to_jwk(self.key.public_key(), as_dict=True), "kid": self.kid}

    def public_keys(self) -> str:
        return json.dumps({"keys": [self.public_member()]})

    def assertion(self, now: datetime, headers: dict[str, Any] | None = None, **claims: Any) -> str:
        at = int(now.timestamp())
        good = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": self.audience,
            "iat": at,
            "exp": at + 60,
            "jti": uuid.uuid4().hex,
        }
        payload = {name: value for name, value in {**good, **claims}.items() if value is not ...}
        header = {name: value for name, value in {"kid": self.kid, **(headers or {})}.items() if value is not ...}
        return jwt.encode(payload, self.key, algorithm="ES256", headers=header)

    def form(self, now: datetime, headers: dict[str, Any] | None = None, **claims: Any) -> dict[str, str]:
        return {
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": self.assertion(now, headers, **claims),
        }
