"""Introspection endpoint (RFC 7662), as JSON or as a signed JWT (RFC 9701).

It is for confidential clients that were registered with the audiences whose tokens they may see; of any other token
they learn that it is not active, and nothing more (RFC 7662 §2.2, §4).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749.errors import InvalidRequestError
from flask import Blueprint, Response, jsonify, request

from auth_service.actions.introspect_token import introspect_token
from auth_service.domain.client import CONFIDENTIAL_METHODS
from auth_service.grants.oauth_errors import as_oauth_errors
from wire.token_types import INTROSPECTION_TYPE

if TYPE_CHECKING:
    from auth_service.authorization_server import AuthorizationServer
    from auth_service.domain.client import Client

INTROSPECTION_MEDIA_TYPE: Final = f"application/{INTROSPECTION_TYPE}"
_JSON: Final = "application/json"


def introspection_routes(server: AuthorizationServer) -> Blueprint:
    """Make the route."""
    routes = Blueprint("introspection", __name__)

    @routes.post("/oauth/introspect")
    def introspect() -> Response:
        client, token = _read(server)
        services = server.services
        with as_oauth_errors():
            answer = introspect_token(
                services.database,
                services.clients,
                services.issuer,
                token=token,
                audiences=client.introspects,
                now=services.now(),
            )
        if request.accept_mimetypes.best_match([_JSON, INTROSPECTION_MEDIA_TYPE]) == INTROSPECTION_MEDIA_TYPE:
            response = _signed(server, client, answer)
        else:
            response = jsonify(answer)
        response.headers["Cache-Control"] = "no-store"
        return response

    return routes


def _read(server: AuthorizationServer) -> tuple[Client, str]:
    protocol_request = server.create_oauth2_request(request)
    client = server.authenticate_client(protocol_request, CONFIDENTIAL_METHODS, "introspection")
    if not client.introspects:
        raise OAuth2Error(
            error="unauthorized_client", description="This client may not introspect tokens.", status_code=403
        )
    token = protocol_request.form.get("token")
    if not token:
        raise InvalidRequestError("The parameter token is missing.")
    return client, token


def _signed(server: AuthorizationServer, client: Client, answer: dict[str, Any]) -> Response:
    # RFC 9701 §5: neither sub nor exp stand at the top, so that it can be taken for no access token.
    issuer = server.services.issuer
    claims = {
        "iss": issuer.issuer,
        "aud": client.client_id,
        "iat": int(server.services.now().timestamp()),
        "token_introspection": answer,
    }
    return Response(issuer.sign(claims, INTROSPECTION_TYPE), content_type=INTROSPECTION_MEDIA_TYPE)
