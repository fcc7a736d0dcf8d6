"""Tokens for services that act for themselves (RFC 6749 §4.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from authlib.oauth2.rfc6749.errors import InvalidScopeError, UnauthorizedClientError
from authlib.oauth2.rfc6749.grants import ClientCredentialsGrant as AuthlibClientCredentialsGrant

from auth_service.domain.client import CONFIDENTIAL_METHODS
from auth_service.grants.oauth_errors import as_oauth_errors

if TYPE_CHECKING:
    from auth_service.grants.services import ProtocolServices


class ClientCredentialsGrant(AuthlibClientCredentialsGrant):
    """`client_credentials`; for confidential clients only."""

    TOKEN_ENDPOINT_AUTH_METHODS = CONFIDENTIAL_METHODS

    def validate_token_request(self) -> None:
        self.request.client = self.authenticate_token_endpoint_client()
        if not self.request.client.check_grant_type(self.GRANT_TYPE):
            raise UnauthorizedClientError("This client is not registered for the client_credentials grant.")
        scope = self.request.client.allowed_scope(self.request.form.get("scope"))
        if scope is None:
            raise InvalidScopeError("The scope is not one that this client may have.")
        self.request.scope = scope

    def create_token_response(self) -> tuple[int, dict[str, Any], list[tuple[str, str]]]:
        services: ProtocolServices = self.server.services
        with as_oauth_errors():
            jkt = self.request.prove_key()
        answer = services.issuer.service_answer(
            self.request.client.client_id, self.request.scope, services.now(), jkt=jkt
        )
        return 200, answer, self.TOKEN_RESPONSE_HEADER
