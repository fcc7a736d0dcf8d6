"""The issuer's public keys as this server holds them: pinned at the first contact, of use offline (S3-29, T62).

A newer set comes only from the issuer's own `jwks_uri`, with a contact, and takes the place of the old one whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pos_client.errors import NoContactError
from wire.errors import AnswerRefusedError, KeysUnavailableError
from wire.jwks import read_jwks

if TYPE_CHECKING:
    from collections.abc import Mapping

    import jwt

    from pos_client.issuer import Issuer


class TrustedKeys:
    """Finds keys in a JWK Set that is held; a wire.jwks.KeySource that never asks anybody."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        """Read the set. Raises KeysUnavailableError when it holds no key of ours."""
        try:
            self._keys = read_jwks(document)
        except AnswerRefusedError as fault:
            raise KeysUnavailableError(str(fault)) from fault

    def key(self, kid: str) -> jwt.PyJWK | None:
        return self._keys.get(kid)


def fetch_key_set(issuer: Issuer) -> dict[str, Any]:
    """Get the issuer's JWK Set document (RFC 7517 §5), checked. Raises NoContactError."""
    document = issuer.document(issuer.metadata().jwks_uri)
    try:
        read_jwks(document)
    except AnswerRefusedError as fault:
        raise NoContactError(str(fault)) from fault
    # Only the set itself is kept, not what a server may put beside it.
    return {"keys": document["keys"]}
