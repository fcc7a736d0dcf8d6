"""Revocation endpoint (RFC 7009): a client gives a token of its own back, such as a device that removes its license."""

from __future__ import annotations

from typing import TYPE_CHECKING

from authlib.oauth2.rfc6749.errors import InvalidRequestError
from flask import Blueprint, Response, request

from auth_service.actions.revoke_token import revoke_token
from auth_service.domain.client import EVERY_METHOD
from auth_service.grants.oauth_errors import as_oauth_errors

if TYPE_CHECKING:
    from auth_service.authorization_server import AuthorizationServer


def revocation_routes(server: AuthorizationServer) -> Blueprint:
    """Make the route."""
    routes = Blueprint("revocation", __name__)

    @routes.post("/oauth/revoke")
    def revoke() -> Response:
        protocol_request = server.create_oauth2_request(request)
        client = server.authenticate_client(protocol_request, EVERY_METHOD, "revocation")
        token = protocol_request.form.get("token")
        if not token:
            raise InvalidRequestError("The parameter token is missing.")
        services = server.services
        with as_oauth_errors():
            revoke_token(services, services.issuer, token=token, client_id=client.client_id, now=services.now())
        # §2.2: the body says nothing, the status all.
        response = Response(status=200)
        response.headers["Cache-Control"] = "no-store"
        return response

    return routes
