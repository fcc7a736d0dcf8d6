"""Decide whether a license token is to be believed: signature, `typ`, `iss`, `aud`, and that it is about this server.

Time is left out here. This machine's clock may be wrong, and a token of ours is to be read even then; clock_guard and
license_state judge its dates (S3-29, T60, T62).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import jwt

from pos_client.errors import LicenseRefusedError
from pos_client.trusted_keys import TrustedKeys
from wire.errors import KeysUnavailableError, TokenRefusedError
from wire.token_types import SIGNING_ALGORITHM
from wire.token_verification import LicenseTokenVerifier, signing_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wire.claims import LicenseTokenClaims

CLOCK_LEEWAY_SECONDS: Final = 60

_REQUIRED: Final = ["iss", "sub", "aud", "exp", "iat", "jti"]


class _TimelessVerifier(LicenseTokenVerifier):
    """wire's verification without its three questions to the system clock (`exp`, `nbf`, `iat`)."""

    def _verify(self, token: str, token_type: str, *, check_expiry: bool = False) -> dict[str, Any]:
        key = signing_key(self.keys, token, token_type)
        options: Any = {
            "require": _REQUIRED,
            "verify_exp": check_expiry,
            "verify_nbf": check_expiry,
            "verify_iat": check_expiry,
        }
        try:
            return jwt.decode(
                token, key, algorithms=[SIGNING_ALGORITHM], issuer=self.issuer, audience=self.audience, options=options
            )
        except jwt.PyJWTError as fault:
            raise TokenRefusedError("The token's signature, issuer or audience is wrong.") from fault


def read_license_token(token: str, *, issuer: str, keys: Mapping[str, Any]) -> LicenseTokenClaims:
    """Verify a license token with a JWK Set that is held. Raises LicenseRefusedError."""
    try:
        verifier = _TimelessVerifier(TrustedKeys(keys), issuer)
        claims = verifier.license_token(token, check_expiry=False)
    except (TokenRefusedError, KeysUnavailableError) as fault:
        raise LicenseRefusedError(str(fault)) from fault
    if not 0 < claims.iat < claims.exp:
        raise LicenseRefusedError("The token's dates make no sense.")
    return claims


def check_successor(claims: LicenseTokenClaims, held: LicenseTokenClaims) -> None:
    """Check that a refreshed license token may take the place of the held one.

    Raises LicenseRefusedError when it is another device's, or an older one played again.
    """
    if claims.sub != held.sub:
        raise LicenseRefusedError("The new license token is for another Server ID.")
    if claims.iat < held.iat - CLOCK_LEEWAY_SECONDS:
        raise LicenseRefusedError("The new license token is older than the one held.")
