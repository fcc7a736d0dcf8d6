"""The status API over Flask's test client, and an issuer whose key the tests hold."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from notify_service.app import create_app
from notify_service.settings import load_settings
from notify_service.wiring import wire_up
from wire.dpop import DpopVerifier
from wire.errors import KeysUnavailableError
from wire.scopes import NOTIFICATIONS_READ, NOTIFY_AUDIENCE
from wire.serving.bearer import BearerGuard
from wire.serving.replay_memory import ProcessReplayMemory
from wire.token_types import ACCESS_TOKEN_TYPE
from wire.token_verification import TokenVerifier

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask
    from flask.testing import FlaskClient

    from notify_service.wiring import Wired

ISSUER = "http://127.0.0.1:8001"


@dataclass
class Issuer:
    """An authorization server's signing key, and its key set as a verifier sees it."""

    private: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    away: bool = False

    def key(self, kid: str) -> jwt.PyJWK | None:
        if self.away:
            raise KeysUnavailableError("away")
        return jwt.PyJWK(jwt.algorithms.ECAlgorithm.to_jwk(self.private.public_key(), as_dict=True), algorithm="ES256")

    def token(self, scope: str = NOTIFICATIONS_READ, **changes: Any) -> str:
        now = int(datetime.now(UTC).timestamp())
        claims = {
            "iss": ISSUER,
            "sub": "auth_service",
            "aud": [NOTIFY_AUDIENCE],
            "client_id": "auth_service",
            "scope": scope,
            "iat": now,
            "exp": now + 300,
            "jti": str(uuid4()),
            **changes,
        }
        return jwt.encode(claims, self.private, "ES256", headers={"typ": ACCESS_TOKEN_TYPE, "kid": "k1"})


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
def wired(settings_given: dict[str, str], issuer: Issuer) -> Iterator[Wired]:
    made = wire_up(load_settings(settings_given))
    guard = BearerGuard(
        TokenVerifier(keys=issuer, issuer=ISSUER, audience=NOTIFY_AUDIENCE),
        DpopVerifier(memory=ProcessReplayMemory(), now=lambda: datetime.now(UTC)),
        made.public_url,
    )
    yield replace(made, guard=guard)
    made.database.close()


@pytest.fixture
def app(wired: Wired) -> Flask:
    return create_app(wired)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def authorization(issuer: Issuer) -> dict[str, str]:
    return {"Authorization": f"Bearer {issuer.token()}"}
