"""Token endpoint (RFC 6749 §3.2): hand the request to the grant that it names.

Where each proof needs a nonce, each answer brings the next (RFC 9449 §8.2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint

if TYPE_CHECKING:
    from flask import Response

    from auth_service.authorization_server import AuthorizationServer


def token_routes(server: AuthorizationServer) -> Blueprint:
    """Make the route."""
    routes = Blueprint("token", __name__)

    @routes.post("/oauth/token")
    def token() -> Response:
        response: Response = server.create_token_response()
        nonce = server.services.proofs.nonce_for_next()
        if nonce is not None:
            response.headers["DPoP-Nonce"] = nonce
        return response

    return routes
