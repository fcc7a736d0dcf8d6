"""An OAuth client and what it may use (RFC 6749 §2)."""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from auth_service.domain.secret_digest import digest


@dataclass(frozen=True, slots=True)
class Client:
    """A registered client; without a secret it is public (RFC 6749 §2.1)."""

    client_id: str
    name: str
    grant_types: tuple[str, ...]
    scopes: tuple[str, ...]
    secret_digest: str | None = None

    @property
    def is_public(self) -> bool:
        """Tell whether it has no secret to keep."""
        return self.secret_digest is None

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
        return (method == "none") is self.is_public

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in self.grant_types
