"""The server's time in a signed form, as the answer to one check-in (S1-9, RFC 7519).

A JWT of a type of its own. `iat` is the time, `iss` the license service, `sub` the device that asked, and `device_time`
what its clock showed when it did: an answer that was kept from another day, or is another device's, is not taken for
one to this question. There is no `exp`: a clock that is not trusted cannot judge one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import jwt

from wire.claims import LATEST_INSTANT
from wire.errors import TokenRefusedError
from wire.jwt_reader import JWT
from wire.token_types import SERVER_TIME_TYPE, SIGNING_ALGORITHM
from wire.token_verification import signing_key

if TYPE_CHECKING:
    from wire.jwks import KeySource


@dataclass(frozen=True, slots=True)
class ServerTime:
    """What is signed. Both instants are aware; `at` counts in whole seconds."""

    issuer: str
    device_id: str
    device_time: datetime
    at: datetime

    def payload(self) -> dict[str, Any]:
        """Give the JWT claims set."""
        return {
            "iss": self.issuer,
            "sub": self.device_id,
            "device_time": self.device_time.isoformat(),
            "iat": int(self.at.timestamp()),
        }


def read_server_time(token: str, keys: KeySource, *, issuer: str, device_id: str, device_time: datetime) -> datetime:
    """Verify that `token` answers this device's check-in, and give the server's time.

    Raises TokenRefusedError, or KeysUnavailableError when no key could be had.
    """
    key = signing_key(keys, token, SERVER_TIME_TYPE)
    try:
        claims = JWT.decode(
            token,
            key,
            algorithms=[SIGNING_ALGORITHM],
            # The time here is what is in doubt.
            options={"verify_iat": False, "verify_exp": False, "verify_nbf": False, "verify_aud": False},
        )
    except jwt.PyJWTError as fault:
        raise TokenRefusedError("The server's time is not signed as it must be.") from fault
    asked = {"iss": issuer, "sub": device_id, "device_time": device_time.isoformat()}
    if any(claims.get(name) != value for name, value in asked.items()):
        raise TokenRefusedError("The server's time answers another question.")
    at = claims.get("iat")
    if not isinstance(at, int) or isinstance(at, bool) or not 0 <= at <= LATEST_INSTANT:
        raise TokenRefusedError("The server's time is none.")
    return datetime.fromtimestamp(at, UTC)
