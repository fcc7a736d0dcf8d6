"""Verify one JWT (RFC 7519 §7.2, RFC 8725 §3, RFC 9068 §4).

Rules, in this order: a readable header of the one algorithm, with the wanted `typ`, no `crit`, no `cty` (our content is
never another token) and no key brought along (`jwk`, `jku`, `x5c`, `x5u`); a `kid` that the issuer publishes; the
signature; `iss`, `aud`, `exp`, `nbf`, `iat` and the presence of `sub` and `jti`. Clocks may differ by LEEWAY_SECONDS.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import jwt

from wire.claims import AccessTokenClaims, LicenseTokenClaims
from wire.errors import TokenRefusedError
from wire.jwt_reader import JWS, JWT
from wire.scopes import POS_AUDIENCE
from wire.token_types import ACCESS_TOKEN_TYPE, LICENSE_TOKEN_TYPE, SIGNING_ALGORITHM

if TYPE_CHECKING:
    from wire.jwks import KeySource

LEEWAY_SECONDS: Final = 60
LONGEST_TOKEN: Final = 8192
_REQUIRED: Final = ["iss", "sub", "aud", "exp", "iat", "jti"]
_REFUSED_MEMBERS: Final = frozenset({"crit", "cty", "jwk", "jku", "x5c", "x5u", "x5t", "x5t#S256"})


@dataclass(frozen=True, slots=True)
class TokenVerifier:
    """Verifies the tokens of one issuer for one audience; for several, where the issuer itself looks at a token."""

    keys: KeySource
    issuer: str
    audience: str | tuple[str, ...]

    def access_token(self, token: str) -> AccessTokenClaims:
        """Verify an access token.

        Raises TokenRefusedError, or KeysUnavailableError when no key could be had.
        """
        return AccessTokenClaims.from_payload(self._verify(token, ACCESS_TOKEN_TYPE))

    def _verify(self, token: str, token_type: str, *, check_time: bool = True) -> dict[str, Any]:
        key = signing_key(self.keys, token, token_type)
        try:
            return JWT.decode(
                token,
                key,
                algorithms=[SIGNING_ALGORITHM],
                issuer=self.issuer,
                audience=self.audience,
                leeway=LEEWAY_SECONDS,
                options={
                    "require": _REQUIRED,
                    "verify_exp": check_time,
                    "verify_nbf": check_time,
                    "verify_iat": check_time,
                },
            )
        except jwt.PyJWTError as fault:
            raise TokenRefusedError(_sentence(fault)) from fault


class LicenseTokenVerifier(TokenVerifier):
    """Verifies license tokens: those that a POS server receives, and those that its peers show it (S3-28, S3-29)."""

    def __init__(self, keys: KeySource, issuer: str) -> None:
        super().__init__(keys=keys, issuer=issuer, audience=POS_AUDIENCE)

    def license_token(self, token: str, *, check_time: bool = True) -> LicenseTokenClaims:
        """Verify a license token.

        Without `check_time` this machine's clock, which may be wrong, has no say; so an outlived token can be shown.
        Raises TokenRefusedError, or KeysUnavailableError when no key could be had.
        """
        return LicenseTokenClaims.from_payload(self._verify(token, LICENSE_TOKEN_TYPE, check_time=check_time))


def signing_key(
    keys: KeySource, token: str, token_type: str, *, or_type: tuple[str, ...] = (), longest: int = LONGEST_TOKEN
) -> jwt.PyJWK:
    """Give the key that a JWT of this type (or one of the others) must be signed with, from its header alone.

    Raises TokenRefusedError, or KeysUnavailableError when no key could be had.
    """
    header = _header(token, longest)
    if header.get("alg") != SIGNING_ALGORITHM:
        raise TokenRefusedError(f"The token is not signed with {SIGNING_ALGORITHM}.")
    if _plain_type(header.get("typ")) not in {token_type, *or_type}:
        raise TokenRefusedError(f"The token is not of type {token_type}.")
    if _REFUSED_MEMBERS & header.keys():
        raise TokenRefusedError("The token's header has a member that is not accepted.")
    kid = header.get("kid")
    key = keys.key(kid) if isinstance(kid, str) else None
    if key is None:
        raise TokenRefusedError("The token is signed with a key that its issuer does not publish.")
    return key


def _header(token: str, longest: int) -> dict[str, Any]:
    if len(token) > longest:
        raise TokenRefusedError("The token is too long.")
    if not token.isascii() or "=" in token:
        # PyJWT encodes the text first, and fails on a lone surrogate with an error of its own; it reads padding, which
        # RFC 7515 §2 leaves out, and with it a second text for the same token.
        raise TokenRefusedError("The token is not a JWT.")
    try:
        return JWS.get_unverified_header(token)
    except jwt.PyJWTError as fault:
        raise TokenRefusedError("The token is not a JWT.") from fault


def _plain_type(value: object) -> str:
    # RFC 7515 §4.1.9: `typ` is compared without regard to case, and may carry the prefix "application/".
    return value.lower().removeprefix("application/") if isinstance(value, str) else ""


_SENTENCES: Final[tuple[tuple[type[jwt.PyJWTError], str], ...]] = (
    (jwt.ExpiredSignatureError, "The token has expired."),
    (jwt.ImmatureSignatureError, "The token is not valid yet."),
    (jwt.InvalidAudienceError, "The token is for another audience."),
    (jwt.InvalidIssuerError, "The token is from another issuer."),
    (jwt.MissingRequiredClaimError, "The token lacks a claim that is required."),
    (jwt.InvalidSignatureError, "The token's signature is wrong."),
)


def _sentence(fault: jwt.PyJWTError) -> str:
    return next((text for kind, text in _SENTENCES if isinstance(fault, kind)), "The token is malformed.")
