"""Refreshing with rotation (RFC 6749 §6, RFC 9700 §4.14).

Authlib revokes the old token after issuing the new one; ours makes the successor the live token in one conditional
statement, so that a race has one winner.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from authlib.oauth2.rfc6749.errors import InvalidRequestError, InvalidScopeError, UnauthorizedClientError
from authlib.oauth2.rfc6749.grants import RefreshTokenGrant as AuthlibRefreshTokenGrant

from auth_service.actions.rotate_refresh_token import rotate_refresh_token
from auth_service.domain.client import EVERY_METHOD
from auth_service.grants.oauth_errors import as_oauth_errors

if TYPE_CHECKING:
    from auth_service.grants.services import ProtocolServices


class RefreshTokenGrant(AuthlibRefreshTokenGrant):
    """`refresh_token`."""

    TOKEN_ENDPOINT_AUTH_METHODS = EVERY_METHOD

    def validate_token_request(self) -> None:
        self.request.client = self.authenticate_token_endpoint_client()
        if not self.request.client.check_grant_type(self.GRANT_TYPE):
            raise UnauthorizedClientError("This client is not registered for the refresh_token grant.")
        if not self.request.form.get("refresh_token"):
            raise InvalidRequestError("The parameter refresh_token is missing.")
        requested = self.request.form.get("scope")
        # A device has one scope, so narrowing would mean none; widening is never possible (T27).
        if requested and self.request.client.allowed_scope(requested) is None:
            raise InvalidScopeError("The scope is not one that this client may have.")

    def create_token_response(self) -> tuple[int, dict[str, Any], list[tuple[str, str]]]:
        services: ProtocolServices = self.server.services
        now = services.now()
        with as_oauth_errors():
            issued = rotate_refresh_token(
                services, self.request.form["refresh_token"], presenter=self.request.presenter(), now=now
            )
        return 200, services.issuer.device_answer(issued.grant, issued.refresh_token, now), self.TOKEN_RESPONSE_HEADER
