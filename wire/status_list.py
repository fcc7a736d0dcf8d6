"""The Token Status List: one bit a license token, so that a revoked one is known of offline (T28).

draft-ietf-oauth-status-list: §4 the list, §5.1 the JWT that carries it, §6.2 a token's place in it, §8.3 how it is
checked. auth_service writes one bit a token (VALID or INVALID); the reader takes every size that the draft knows.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import jwt

from wire.errors import TokenRefusedError
from wire.jwt_reader import JWT
from wire.token_types import SIGNING_ALGORITHM, STATUS_LIST_TYPE
from wire.token_verification import LEEWAY_SECONDS, signing_key

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from wire.jwks import KeySource

STATUS_LIST_MEDIA_TYPE: Final = f"application/{STATUS_LIST_TYPE}"
STATUS_LIST_PATH: Final = "/status-lists"
"""Below the issuer: the aggregation; each list is at a number below that."""

VALID: Final = 0
INVALID: Final = 1

PLACES_OF_A_LIST: Final = 1 << 17
"""16 KiB of bits: one list serves a large fleet, and at its worst it is 30 KB on the wire."""

LONGEST_STATUS_LIST_TOKEN: Final = 256 * 1024
LARGEST_LIST: Final = 1024 * 1024
"""What a list of others may come to once it is unpacked (T31)."""

_SIZES: Final = frozenset({1, 2, 4, 8})


@dataclass(frozen=True, slots=True)
class StatusList:
    """One verified list. Until `expires_at` it may be relied on; after `ttl_seconds` a newer one should be fetched."""

    uri: str
    issued_at: int
    expires_at: int | None
    ttl_seconds: int | None
    bits: int
    statuses: bytes

    def status(self, index: int) -> int:
        """Give the status at one place: VALID, INVALID, or another number, which means not valid.

        Raises TokenRefusedError when the list has no such place (§8.3).
        """
        byte, offset = divmod(index * self.bits, 8)
        if index < 0 or byte >= len(self.statuses):
            raise TokenRefusedError("The token's place is not in its status list.")
        return (self.statuses[byte] >> offset) & ((1 << self.bits) - 1)


def pack_statuses(invalid: Iterable[int]) -> str:
    """Give the `lst` of a list of PLACES_OF_A_LIST bits in which these places are INVALID (§4.1, §4.2)."""
    statuses = bytearray(PLACES_OF_A_LIST // 8)
    for index in invalid:
        statuses[index // 8] |= 1 << (index % 8)
    return base64.urlsafe_b64encode(zlib.compress(statuses, level=9)).rstrip(b"=").decode()


def read_status_list(token: str, keys: KeySource, *, uri: str, now: datetime) -> StatusList:
    """Verify the status list that was fetched from `uri`, which is the `uri` of the token in question (§8.3).

    Raises TokenRefusedError, or KeysUnavailableError when no key could be had.
    """
    key = signing_key(keys, token, STATUS_LIST_TYPE, longest=LONGEST_STATUS_LIST_TOKEN)
    try:
        claims = JWT.decode(
            token,
            key,
            algorithms=[SIGNING_ALGORITHM],
            # The instants are checked below, by the caller's clock.
            options={"verify_exp": False, "verify_iat": False, "verify_nbf": False, "verify_aud": False},
        )
    except jwt.PyJWTError as fault:
        raise TokenRefusedError("The status list's signature is wrong.") from fault
    if claims.get("sub") != uri:
        raise TokenRefusedError("The status list is another one than the token names.")
    content = claims.get("status_list")
    bits = content.get("bits") if isinstance(content, dict) else None
    if not isinstance(content, dict) or not _is_whole(bits) or bits not in _SIZES:
        raise TokenRefusedError("The status list is malformed.")
    issued_at, expires_at = _instants(claims, now)
    return StatusList(
        uri=uri,
        issued_at=issued_at,
        expires_at=expires_at,
        ttl_seconds=_optional_whole(claims, "ttl"),
        bits=bits,
        statuses=_unpack(content.get("lst")),
    )


def _instants(claims: dict[str, Any], now: datetime) -> tuple[int, int | None]:
    issued_at, expires_at = _optional_whole(claims, "iat"), _optional_whole(claims, "exp")
    if issued_at is None:
        raise TokenRefusedError("The status list does not say when it was made.")
    if issued_at > now.timestamp() + LEEWAY_SECONDS:
        raise TokenRefusedError("The status list is not valid yet.")
    if expires_at is not None and expires_at <= now.timestamp() - LEEWAY_SECONDS:
        raise TokenRefusedError("The status list has expired.")
    return issued_at, expires_at


def _optional_whole(claims: dict[str, Any], name: str) -> int | None:
    value = claims.get(name)
    if value is not None and not _is_whole(value):
        raise TokenRefusedError("The status list is malformed.")
    return value


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _unpack(packed: object) -> bytes:
    if not isinstance(packed, str) or not packed.isascii():
        raise TokenRefusedError("The status list is malformed.")
    unpacking = zlib.decompressobj()
    try:
        raw = base64.b64decode(packed + "=" * (-len(packed) % 4), altchars=b"-_", validate=True)
        # One byte more than is allowed, so that a list that goes on is noticed without unpacking it.
        statuses = unpacking.decompress(raw, LARGEST_LIST + 1)
    except (binascii.Error, zlib.error) as fault:
        raise TokenRefusedError("The status list is malformed.") from fault
    if len(statuses) > LARGEST_LIST:
        raise TokenRefusedError("The status list is too large.")
    if not unpacking.eof or unpacking.unused_data:
        raise TokenRefusedError("The status list is malformed.")
    return statuses
