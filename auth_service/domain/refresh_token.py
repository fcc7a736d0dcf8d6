"""The refresh token: which grant and generation it is of, a secret, and a mark that it came from us.

    base64url( grant id, 16 bytes | generation, 4 bytes | secret, 32 bytes | mark, 16 bytes )

The secret is an HMAC under the token (or device code) that it succeeds, over a random seed that is kept for a moment:
whoever shows the old one within that moment gets the same successor again, and a table that leaks gives nobody
anything (T57). The mark is an HMAC under the service's own key. It tells an old token of ours, whose digest is long
forgotten, from one that somebody made up: the first ends its family (T23), the second must not be able to.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
import struct
from dataclasses import dataclass
from typing import Final
from uuid import UUID

_PARTS: Final = struct.Struct(">16sI32s16s")
_MARKED: Final = _PARTS.size - 16
LENGTH: Final = 91


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """A refresh token that was read; it may still be anything's."""

    text: str
    grant_id: str
    generation: int


def new_seed() -> str:
    """Draw the seed of one successor: 256 random bits as 64 hex characters."""
    return secrets.token_hex(32)


def successor_of(old: str, seed: str, *, grant_id: str, generation: int, key: bytes) -> str:
    """Give the refresh token that succeeds `old`, a refresh token or a device code; the same whenever it is asked.

    `key` is the service's own, `generation` that of the successor.
    """
    secret = hmac.digest(old.encode(), b"tillpass refresh token" + bytes.fromhex(seed), "sha256")
    marked = bytes.fromhex(grant_id.replace("-", "")) + generation.to_bytes(4, "big") + secret
    return _encoded(marked + _mark(marked, key))


def read_refresh_token(text: str) -> RefreshToken | None:
    """Read what a client shows; None when it has not the form of a refresh token."""
    if len(text) != LENGTH or not text.isascii():
        return None
    try:
        parts = base64.b64decode(text + "=", altchars=b"-_", validate=True)
    except binascii.Error:
        return None
    if _encoded(parts) != text:
        # The last sign has two bits to spare; a token has one form only.
        return None
    grant_id, generation, _, _ = _PARTS.unpack(parts)
    return RefreshToken(text=text, grant_id=str(UUID(bytes=grant_id)), generation=generation)


def is_ours(token: RefreshToken, key: bytes) -> bool:
    """Tell whether we issued it, at whatever time."""
    parts = base64.urlsafe_b64decode(token.text + "=")
    return hmac.compare_digest(parts[_MARKED:], _mark(parts[:_MARKED], key))


def _encoded(parts: bytes) -> str:
    return base64.urlsafe_b64encode(parts).rstrip(b"=").decode()


def _mark(marked: bytes, key: bytes) -> bytes:
    return hmac.digest(key, marked, "sha256")[:16]
