"""Read an update manifest as clients that pin a key set do, whatever its age (T62)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from license_service.domain.errors import UpdateError
from wire.errors import AnswerRefusedError, TokenRefusedError
from wire.jwks import read_jwks
from wire.update_manifest import read_update_manifest

if TYPE_CHECKING:
    import jwt

    from wire.update_manifest import UpdateManifest


class _PinnedKeys:
    """A wire.jwks.KeySource of one JWK Set."""

    def __init__(self, document: object) -> None:
        self._keys = read_jwks(document)

    def key(self, kid: str) -> jwt.PyJWK | None:
        return self._keys.get(kid)


def verify_update(token: str, key_set: object) -> UpdateManifest:
    """Verify signature, type and form of a manifest by a JWK Set. Raises UpdateError."""
    try:
        return read_update_manifest(token, _PinnedKeys(key_set))
    except (AnswerRefusedError, TokenRefusedError) as fault:
        raise UpdateError(str(fault)) from fault
