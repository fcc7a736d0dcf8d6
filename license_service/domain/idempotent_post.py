"""A POST that its caller may repeat: its `Idempotency-Key`, what it was, and the answer that is kept for it (F47).

Nothing of it can be read in the table (T57): the key is kept as a digest, the request as a digest under the key, and
the answer sealed under the key, so that only who sends the key again opens it. A key belongs to its caller: another
client's, or another device's of the same client, is another one (T44).
"""

from __future__ import annotations

import hmac
import json
from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

KEPT: Final = timedelta(hours=24)
LONGEST_WORK: Final = timedelta(seconds=60)
"""For how long a request that is under way shuts out its repetition; then it is taken for lost."""

_NONCE_BYTES: Final = 12


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request was answered, as far as it is kept."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class IdempotentPost:
    """One request and its key; `caller` says whose key it is, `request` what was sent.

    One that is not joined keeps what it changes by itself, for others to see while it goes on: a process that dies
    before its answer is kept leaves it to be done again.
    """

    caller: tuple[str, ...]
    key: str
    request: tuple[bytes, ...]
    is_joined: bool = True

    @property
    def id(self) -> str:
        """Where it is kept: 64 hex characters."""
        return self._derived(b"place").hex()

    @property
    def request_digest(self) -> str:
        """What a repetition must agree with: 64 hex characters."""
        return hmac.digest(self._derived(b"request"), _joined(self.request), "sha256").hex()

    def seal(self, answer: Answer, nonce: bytes) -> bytes:
        """Give the answer as it is kept; `nonce` is 12 random bytes."""
        told = json.dumps([answer.status, dict(answer.headers), b64encode(answer.body).decode()])
        return nonce + AESGCM(self._derived(b"answer")).encrypt(nonce, told.encode(), None)

    def open(self, sealed: bytes) -> Answer:
        """Give the answer back."""
        nonce, content = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        status, headers, body = json.loads(AESGCM(self._derived(b"answer")).decrypt(nonce, content, None))
        return Answer(status, headers, b64decode(body))

    def _derived(self, use: bytes) -> bytes:
        whose = _joined(part.encode() for part in (*self.caller, self.key))
        return hmac.digest(whose, b"tillpass idempotent post: " + use, "sha256")


def _joined(parts: Iterable[bytes]) -> bytes:
    """Join them so that no others give the same."""
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)
