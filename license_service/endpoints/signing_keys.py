"""The public signing keys, for sites to pin (RFC 7517 §5, RFC 9728 §2, S2-22)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint

from license_service.signing.jwk_set import jwk_set

if TYPE_CHECKING:
    from license_service.signing.key_folder import KeyFolder

JWKS_PATH: Final = "/.well-known/jwks.json"


def signing_key_routes(signing_keys: KeyFolder) -> Blueprint:
    """Make the route of the JWK Set, which anybody may read."""
    routes = Blueprint("signing_keys", __name__)

    @routes.get(JWKS_PATH)
    def jwks() -> dict[str, Any]:
        return jwk_set(signing_keys.read())

    return routes
