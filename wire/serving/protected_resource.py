"""Say what a protected resource is and who issues its tokens (RFC 9728).

Two things for each service with an API: its metadata document, and the parameter `resource_metadata` that leads there
from every challenge, whatever its scheme (§5.1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from flask import jsonify

from wire.scopes import AUDIENCE_OF_SCOPE
from wire.token_types import SIGNING_ALGORITHM

if TYPE_CHECKING:
    from flask import Flask, Response

WELL_KNOWN: Final = "/.well-known/oauth-protected-resource"


@dataclass(frozen=True, slots=True)
class ProtectedResource:
    """One API. `identifier` is its public URL, exactly as its callers write it (§1.2)."""

    identifier: str
    issuer: str
    audience: str
    """What `aud` of its access tokens holds; its scopes are those that open this audience."""
    name: str
    jwks_uri: str | None = None
    """Where the resource publishes the keys that it signs with itself, when it does."""

    @property
    def metadata_path(self) -> str:
        """The path of the metadata: the well-known one, then the identifier's own (§3.1)."""
        path = urlsplit(self.identifier).path
        return WELL_KNOWN + ("" if path == "/" else path)

    @property
    def metadata_url(self) -> str:
        """Where the metadata is, for challenges."""
        parts = urlsplit(self.identifier)
        return f"{parts.scheme}://{parts.netloc}{self.metadata_path}"

    def metadata(self) -> dict[str, Any]:
        """Give the metadata document (§2)."""
        document = {
            "resource": self.identifier,
            "authorization_servers": [self.issuer],
            "scopes_supported": sorted(scope for scope, opens in AUDIENCE_OF_SCOPE.items() if opens == self.audience),
            # Never in a form or an address (T50).
            "bearer_methods_supported": ["header"],
            "dpop_signing_alg_values_supported": [SIGNING_ALGORITHM],
            "resource_name": self.name,
        }
        return document if self.jwks_uri is None else {**document, "jwks_uri": self.jwks_uri}


def install_protected_resource(app: Flask, resource: ProtectedResource) -> None:
    """Serve the metadata of `app` and name it in every challenge that `app` sends."""
    document = resource.metadata()
    parameter = f'resource_metadata="{resource.metadata_url}"'

    @app.get(resource.metadata_path)
    def protected_resource_metadata() -> Response:
        return jsonify(document)

    @app.after_request
    def lead_to_metadata(response: Response) -> Response:
        challenges = response.headers.getlist("WWW-Authenticate")
        if challenges:
            response.headers.setlist("WWW-Authenticate", [_with(parameter, challenge) for challenge in challenges])
        return response


def _with(parameter: str, challenge: str) -> str:
    # A scheme alone takes its first parameter after a space, one that has some takes another after a comma.
    return f"{challenge}, {parameter}" if " " in challenge else f"{challenge} {parameter}"
