"""PyJWT as our verifiers read with it: what it does to base64url at each character, done at once.

All else is PyJWT's own, its words for what it refuses as well: what does not pass here is looked at there. This counts
because a JWT is read before its signature is checked, and PyJWT's look costs as much as the signature does.
"""

from __future__ import annotations

import binascii
from typing import Final

import jwt
from jwt.utils import base64url_decode, base64url_encode


class _Jws(jwt.PyJWS):
    @staticmethod
    def _decode_base64url_segment(segment: bytes, name: str) -> bytes:
        # What comes out the same when it is encoded again is base64url in its one form (RFC 7515 §2, RFC 4648 §3.5):
        # no other character, no padding, no bit left over.
        try:
            decoded = base64url_decode(segment)
        except binascii.Error:
            decoded = b""
        if base64url_encode(decoded) == segment:
            return decoded
        return jwt.PyJWS._decode_base64url_segment(segment, name)  # noqa: SLF001


class _Jwt(jwt.PyJWT):
    def __init__(self) -> None:
        super().__init__()
        self._jws = JWS


JWS: Final = _Jws()
JWT: Final = _Jwt()
