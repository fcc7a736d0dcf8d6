"""An OAuth client and what it may use (RFC 6749 §2)."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Final

from auth_service.domain.secret_digest import digest

NONE: Final = "none"
CLIENT_SECRET_BASIC: Final = "client_secret_basic"  # noqa: S105 - a method, not a secret
CLIENT_SECRET_POST: Final = "client_secret_post"  # noqa: S105 - a method, not a secret
PRIVATE_KEY_JWT: Final = "private_key_jwt"
CONFIDENTIAL_METHODS: Final = (PRIVATE_KEY_JWT, CLIENT_SECRET_BASIC, CLIENT_SECRET_POST)
EVERY_METHOD: Final = (*CONFIDENTIAL_METHODS, NONE)
"""How a client may show who it is (RFC 8414 §2); what it was registered with decides, never the request."""


@dataclass(frozen=True, slots=True)
class Client:
    """A registered client; without a secret and without keys it is public (RFC 6749 §2.1)."""

    client_id: str
    name: str
    grant_types: tuple[str, ...]
    scopes: tuple[str, ...]
    secret_digest: str | None = None
    public_keys: str | None = None
    """The JWK Set, as JSON, that its assertions are verified with (RFC 7523)."""
    introspects: tuple[str, ...] = ()
    """The audiences whose tokens it may introspect (RFC 7662 §4)."""

    @property
    def is_public(self) -> bool:
        """Tell whether it has nothing to show who it is by."""
        return self.secret_digest is None and self.public_keys is None

    def allowed_scope(self, requested: str | None) -> str | None:
        """Give the scope to grant: what was requested, or all that is registered when nothing was.

        None when something was requested that the client may not have (RFC 6749 §3.3).
        """
        if requested is None or not requested.strip():
            return " ".join(self.scopes)
        names = list(dict.fromkeys(requested.split()))
        return " ".join(names) if set(names) <= set(self.scopes) else None

    # The four questions that Authlib asks of a client, under its names.

    def get_client_id(self) -> str:
        return self.client_id

    def check_client_secret(self, client_secret: str) -> bool:
        return self.secret_digest is not None and hmac.compare_digest(self.secret_digest, digest(client_secret))

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:  # noqa: ARG002 - Authlib's signature
        if method == NONE:
            return self.is_public
        if method == PRIVATE_KEY_JWT:
            return self.public_keys is not None
        return self.secret_digest is not None

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in self.grant_types
