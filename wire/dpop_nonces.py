"""Nonces that tie a DPoP proof to the server's own clock (RFC 9449 §8): stateless, the same in every process."""

from __future__ import annotations

import base64
import hmac
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import datetime

NONCE_SECONDS: Final = 300
_STEP_SECONDS: Final = 60
_STEPS: Final = NONCE_SECONDS // _STEP_SECONDS


class DpopNonces:
    """Makes and checks nonces under a key; one is good for four to five minutes."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def current(self, now: datetime) -> str:
        """Give the nonce of this minute."""
        return self._nonce(_step(now))

    def is_good(self, nonce: str, now: datetime) -> bool:
        """Tell whether we gave `nonce` in the last minutes; a process whose clock is a minute ahead may have."""
        newest = _step(now) + 1
        given = nonce.encode()
        return any(hmac.compare_digest(given, self._nonce(newest - back).encode()) for back in range(_STEPS + 1))

    def _nonce(self, step: int) -> str:
        code = hmac.digest(self._key, str(step).encode(), "sha256")[:16]
        return base64.urlsafe_b64encode(code).rstrip(b"=").decode()


def _step(now: datetime) -> int:
    return int(now.timestamp()) // _STEP_SECONDS
