"""Token endpoint (RFC 6749 §3.2): hand the request to the grant that it names.

Where each proof needs a nonce, each answer brings the next (RFC 9449 §8.2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, request

if TYPE_CHECKING:
    from flask import Response

    from auth_service.authorization_server import AuthorizationServer, ProtocolAnswer, ProtocolRequest

_NONCE = "DPoP-Nonce"


def token_routes(server: AuthorizationServer) -> Blueprint:
    """Make the route."""
    routes = Blueprint("token", __name__)

    @routes.post("/oauth/token")
    def token() -> Response:
        return answer_token_request(server, server.create_oauth2_request(request)).response()

    return routes


def answer_token_request(server: AuthorizationServer, asked: ProtocolRequest) -> ProtocolAnswer:
    """Answer it, also where it is refused. Raises only what is not the protocol's to say."""
    answer: ProtocolAnswer = server.create_token_response(asked)
    nonce = server.services.proofs.nonce_for_next()
    if nonce is None:
        return answer
    others = [header for header in answer.headers if header[0] != _NONCE]
    return answer._replace(headers=[*others, (_NONCE, nonce)])
