"""Device authorization endpoint (RFC 8628 §3.1, §3.2)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from authlib.oauth2.rfc6749.errors import InvalidScopeError, UnauthorizedClientError
from flask import Blueprint, request

from auth_service.actions.request_device_authorization import (
    DeviceAuthorizationRequest,
    request_device_authorization,
)
from auth_service.authorization_server import ProtocolAnswer
from auth_service.domain.client import EVERY_METHOD
from auth_service.domain.device_authorization import LIFETIME_SECONDS
from auth_service.domain.polling import INTERVAL_SECONDS
from auth_service.domain.user_code import display_user_code
from auth_service.endpoints.device_binding import read_device_binding
from auth_service.grants.oauth_errors import as_oauth_errors
from wire.grant_types import DEVICE_CODE

if TYPE_CHECKING:
    from flask import Response

    from auth_service.authorization_server import AuthorizationServer, ProtocolRequest


def device_authorization_routes(server: AuthorizationServer) -> Blueprint:
    """Make the route."""
    routes = Blueprint("device_authorization", __name__)

    @routes.post("/oauth/device_authorization")
    def device_authorization() -> Response:
        return answer_device_authorization(server, server.create_oauth2_request(request)).response()

    return routes


def answer_device_authorization(server: AuthorizationServer, asked: ProtocolRequest) -> ProtocolAnswer:
    """Issue the codes. Raises OAuth2Error, TooManyRequestsError."""
    services = server.services
    wanted = _read(server, asked)
    with as_oauth_errors():
        codes = request_device_authorization(
            services.database,
            services.pace,
            wanted,
            quota=services.quota,
            user_code_key=services.user_code_key,
            now=services.now(),
        )
    verification_uri = f"{services.issuer.issuer}/activate"
    user_code = display_user_code(codes.user_code)
    document = {
        "device_code": codes.device_code,
        "user_code": user_code,
        "verification_uri": verification_uri,
        "verification_uri_complete": f"{verification_uri}?user_code={user_code}",
        "expires_in": LIFETIME_SECONDS,
        "interval": INTERVAL_SECONDS,
    }
    return ProtocolAnswer(200, document, [("Content-Type", "application/json"), ("Cache-Control", "no-store")])


def _read(server: AuthorizationServer, asked: ProtocolRequest) -> DeviceAuthorizationRequest:
    client = server.authenticate_client(asked, EVERY_METHOD, "device_authorization")
    if not client.check_grant_type(DEVICE_CODE):
        raise UnauthorizedClientError("This client is not registered for the device_code grant.")
    scope = client.allowed_scope(asked.form.get("scope"))
    if scope is None:
        raise InvalidScopeError("The scope is not one that this client may have.")
    return DeviceAuthorizationRequest(
        client_id=client.client_id,
        scope=scope,
        requested_from=asked.address,
        is_public_client=client.is_public,
        read_binding=partial(read_device_binding, asked, dpop_required=server.services.dpop_required),
    )
