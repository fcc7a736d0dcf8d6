"""The public signing keys (RFC 7517 §5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import Blueprint, Response, request

from wire.jwks import MAX_AGE_SECONDS

if TYPE_CHECKING:
    from auth_service.tokens.signing_keys import SigningKeys

JWKS_PATH: Final = "/.well-known/jwks.json"


def jwks_routes(keys: SigningKeys) -> Blueprint:
    """Make the route of the JWK Set; verifiers may keep it for five minutes, and ask again by its ETag."""
    routes = Blueprint("jwks", __name__)

    @routes.get(JWKS_PATH)
    def jwks() -> Response:
        published = keys.published
        response = Response(published.body, content_type="application/json")
        response.headers["Cache-Control"] = f"public, max-age={MAX_AGE_SECONDS}"
        response.set_etag(published.etag)
        response.make_conditional(request)
        return response

    return routes
