"""Decide whether a license token is to be believed: signature, `typ`, `iss`, `aud`, and that it is about this server.

Time is left out here. This machine's clock may be wrong, and a token of ours is to be read even then; clock_guard and
license_state judge its dates (S3-29, T60, T62).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pos_client.errors import LicenseRefusedError
from pos_client.trusted_keys import TrustedKeys
from wire.errors import KeysUnavailableError, TokenRefusedError
from wire.token_verification import LicenseTokenVerifier

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wire.claims import LicenseTokenClaims

CLOCK_LEEWAY_SECONDS: Final = 60


def read_license_token(token: str, *, issuer: str, keys: Mapping[str, Any]) -> LicenseTokenClaims:
    """Verify a license token with a JWK Set that is held. Raises LicenseRefusedError."""
    try:
        claims = LicenseTokenVerifier(TrustedKeys(keys), issuer).license_token(token, check_time=False)
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
