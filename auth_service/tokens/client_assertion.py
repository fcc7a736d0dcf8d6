"""A JWT by which a client shows who it is: `private_key_jwt` (RFC 7523 §2.2, §3).

Rules: ES256 by a key that was registered for this client, named by `kid`; `iss` and `sub` are the client; `aud` is one
text, our issuer or our token endpoint; it expires, within five minutes; it has a `jti`. That a `jti` is used once is
the caller's to see to.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import jwt

from wire.errors import AnswerRefusedError, TokenRefusedError
from wire.jwks import read_jwks
from wire.jwt_reader import JWT
from wire.token_types import CLIENT_AUTHENTICATION_TYPE, SIGNING_ALGORITHM
from wire.token_verification import signing_key

if TYPE_CHECKING:
    from datetime import datetime

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LONGEST_LIFE_SECONDS: Final = 300
CLOCK_LEEWAY_SECONDS: Final = 30
REMEMBERED_SECONDS: Final = LONGEST_LIFE_SECONDS + 2 * CLOCK_LEEWAY_SECONDS
"""How long a `jti` can come again in an assertion that would still be accepted."""

LONGEST_JTI: Final = 256
_LONGEST_ASSERTION: Final = 4096
_OTHER_TYPES: Final = ("jwt", "")
"""RFC 7523 asks for no `typ`; whatever names another kind of token is none of this kind (RFC 8725 §3.11)."""


class RegisteredKeys:
    """The keys of one client, as a KeySource."""

    def __init__(self, keys: dict[str, jwt.PyJWK]) -> None:
        self._keys = keys

    def key(self, kid: str) -> jwt.PyJWK | None:
        """Give the key that `kid` names."""
        return self._keys.get(kid)


@lru_cache(maxsize=256)
def registered_keys(public_keys: str) -> RegisteredKeys:
    """Read a client's JWK Set. Raises TokenRefusedError when nothing can be verified with it."""
    try:
        return RegisteredKeys(read_jwks(json.loads(public_keys)))
    except (AnswerRefusedError, ValueError) as fault:
        raise TokenRefusedError("The client has no key that can be used.") from fault


def claimed_client_id(assertion: str) -> str | None:
    """Give whom an assertion says it is about, before anything of it is verified; None when it is not readable."""
    if len(assertion) > _LONGEST_ASSERTION or not assertion.isascii():
        return None
    try:
        subject = JWT.decode(assertion, options={"verify_signature": False}).get("sub")
    except jwt.PyJWTError:
        return None
    return subject if isinstance(subject, str) else None


def verify_client_assertion(
    assertion: str, *, client_id: str, public_keys: str, audiences: tuple[str, ...], now: datetime
) -> str:
    """Verify that `client_id` signed this assertion for one of `audiences`, and give its `jti`.

    Raises TokenRefusedError, whose sentence is for the log.
    """
    keys = registered_keys(public_keys)
    key = signing_key(keys, assertion, CLIENT_AUTHENTICATION_TYPE, or_type=_OTHER_TYPES, longest=_LONGEST_ASSERTION)
    try:
        claims = JWT.decode(
            assertion,
            key,
            algorithms=[SIGNING_ALGORITHM],
            # The instants and the audience are checked below: by the service's clock, and more narrowly.
            options={
                "require": ["iss", "sub", "aud", "exp", "jti"],
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
                "verify_aud": False,
            },
        )
    except jwt.PyJWTError as fault:
        raise TokenRefusedError("The assertion's signature is wrong, or it lacks a claim.") from fault
    if claims["iss"] != client_id or claims["sub"] != client_id:
        raise TokenRefusedError("The assertion is about another client.")
    if claims["aud"] not in audiences:
        raise TokenRefusedError("The assertion is for another server.")
    _check_instants(claims, now.timestamp())
    if not 0 < len(claims["jti"]) <= LONGEST_JTI:
        raise TokenRefusedError("The assertion's jti is empty or too long.")
    return str(claims["jti"])


def _check_instants(claims: dict[str, Any], now: float) -> None:
    for name in ("exp", "nbf", "iat"):
        if name in claims and (not isinstance(claims[name], int | float) or isinstance(claims[name], bool)):
            raise TokenRefusedError(f"The assertion's {name} is not an instant.")
    # Asked in this way round, not-a-number is refused as well.
    if not claims["exp"] > now - CLOCK_LEEWAY_SECONDS:
        raise TokenRefusedError("The assertion has expired.")
    if not claims["exp"] <= now + LONGEST_LIFE_SECONDS + CLOCK_LEEWAY_SECONDS:
        raise TokenRefusedError("The assertion lives longer than five minutes.")
    if not all(claims.get(name, 0) <= now + CLOCK_LEEWAY_SECONDS for name in ("nbf", "iat")):
        raise TokenRefusedError("The assertion is not valid yet.")
