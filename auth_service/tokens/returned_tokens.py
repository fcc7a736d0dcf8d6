"""Our own tokens as they come back to be introspected: a signature that was right once is not computed again.

Safe, since what is remembered cannot change: a text, by its digest, and what it says, which enters only after every
check. What can change is judged at each call: here, whether the published keys are the same, for when one is revoked
all is verified anew (T30); by the caller, the expiry, the grant and the revocation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

from auth_service.domain.secret_digest import digest
from wire.claims import AccessTokenClaims, LicenseTokenClaims
from wire.token_verification import LicenseTokenVerifier, TokenVerifier

if TYPE_CHECKING:
    from collections.abc import Callable

    from auth_service.tokens.signing_keys import PublishedKeySet, SigningKeys

MOST_REMEMBERED: Final = 1000

_Claims = TypeVar("_Claims", AccessTokenClaims, LicenseTokenClaims)


class ReturnedTokens:
    """Verifies tokens of this issuer; one process's short memory of them, shared by its threads."""

    def __init__(self, keys: SigningKeys, issuer: str) -> None:
        self._keys = keys
        self._issuer = issuer
        self._verified: dict[tuple[str, ...], tuple[PublishedKeySet, Any]] = {}

    def access_token(self, token: str, audiences: tuple[str, ...]) -> AccessTokenClaims:
        """Give what an access token for one of `audiences` says; it may have expired since.

        Raises TokenRefusedError.
        """
        verifier = TokenVerifier(keys=self._keys, issuer=self._issuer, audience=audiences)
        return self._once(verifier.access_token, token, "access token", *audiences)

    def license_token(self, token: str) -> LicenseTokenClaims:
        """Give what a license token says; it may have expired since.

        Raises TokenRefusedError.
        """
        return self._once(LicenseTokenVerifier(self._keys, self._issuer).license_token, token, "license token")

    def _once(self, verify: Callable[[str], _Claims], token: str, *asked: str) -> _Claims:
        # Looked at before the token: what is verified while the keys change counts for the keys of before.
        published = self._keys.published
        place = (digest(token), *asked)
        known = self._verified.get(place)
        if known is not None and known[0] is published:
            remembered: _Claims = known[1]
            return remembered
        claims = verify(token)
        if len(self._verified) >= MOST_REMEMBERED:
            # As in RecentClients: begin anew rather than keep an order at every request.
            self._verified.clear()
        self._verified[place] = (published, claims)
        return claims
