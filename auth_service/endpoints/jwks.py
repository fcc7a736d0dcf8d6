"""The public signing keys (RFC 7517 §5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, json

if TYPE_CHECKING:
    from auth_service.tokens.signing_keys import SigningKeys


def jwks_routes(keys: SigningKeys) -> Blueprint:
    """Make the route of the JWK Set; verifiers may keep it for five minutes."""
    routes = Blueprint("jwks", __name__)
    document = json.dumps(keys.jwks())

    @routes.get("/.well-known/jwks.json")
    def jwks() -> Response:
        response = Response(document, content_type="application/json")
        response.headers["Cache-Control"] = "public, max-age=300"
        return response

    return routes
