"""Authorization server metadata (RFC 8414 §3, RFC 8628 §4, RFC 9449 §5.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, jsonify

from auth_service.domain.client import CONFIDENTIAL_METHODS, EVERY_METHOD
from auth_service.endpoints.device_binding import CHALLENGE_METHOD
from wire.grant_types import CLIENT_CREDENTIALS, CONNECT_TO_GROUP, DEVICE_CODE, REFRESH_TOKEN
from wire.scopes import AUDIENCE_OF_SCOPE
from wire.status_list import STATUS_LIST_PATH
from wire.token_types import SIGNING_ALGORITHM

if TYPE_CHECKING:
    from flask import Response

METADATA_PATH: Final = "/.well-known/oauth-authorization-server"


def metadata_routes(issuer: str) -> Blueprint:
    """Make the route of the metadata document; it does not change while the service runs."""
    routes = Blueprint("metadata", __name__)
    document: dict[str, Any] = {
        "issuer": issuer,
        "token_endpoint": f"{issuer}/oauth/token",
        "device_authorization_endpoint": f"{issuer}/oauth/device_authorization",
        "jwks_uri": f"{issuer}/.well-known/jwks.json",
        "grant_types_supported": [DEVICE_CODE, REFRESH_TOKEN, CLIENT_CREDENTIALS, CONNECT_TO_GROUP],
        # RFC 8414 §2 requires the member; there is no authorization endpoint, so it is empty.
        "response_types_supported": [],
        "token_endpoint_auth_methods_supported": EVERY_METHOD,
        "token_endpoint_auth_signing_alg_values_supported": [SIGNING_ALGORITHM],
        "revocation_endpoint": f"{issuer}/oauth/revoke",
        "revocation_endpoint_auth_methods_supported": EVERY_METHOD,
        "revocation_endpoint_auth_signing_alg_values_supported": [SIGNING_ALGORITHM],
        "introspection_endpoint": f"{issuer}/oauth/introspect",
        "introspection_endpoint_auth_methods_supported": CONFIDENTIAL_METHODS,
        "introspection_endpoint_auth_signing_alg_values_supported": [SIGNING_ALGORITHM],
        # RFC 9701 §7 and draft-ietf-oauth-status-list §9.2.
        "introspection_signing_alg_values_supported": [SIGNING_ALGORITHM],
        "status_list_aggregation_endpoint": f"{issuer}{STATUS_LIST_PATH}",
        "scopes_supported": sorted(AUDIENCE_OF_SCOPE),
        "code_challenge_methods_supported": [CHALLENGE_METHOD],
        "dpop_signing_alg_values_supported": [SIGNING_ALGORITHM],
    }

    @routes.get(METADATA_PATH)
    def metadata() -> Response:
        response = jsonify(document)
        response.headers["Cache-Control"] = "public, max-age=300"
        return response

    return routes
