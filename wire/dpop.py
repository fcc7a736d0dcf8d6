"""Believe a DPoP proof once, and only while it is fresh (RFC 9449 §4.3, §8, §11.1; T15).

Rules: a nonce of ours makes a proof fresh, whatever its `iat` says, since a POS server's clock may be wrong; without
one, `iat` must be near our time; where that fails, the client is given a nonce and makes the proof again. A proof is
believed once: its `jti` is remembered, by key, for longer than it is fresh.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from wire.dpop_proof import read_proof
from wire.errors import NonceWantedError, ProofRefusedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from wire.dpop_nonces import DpopNonces
    from wire.dpop_proof import DpopProof

OLDEST_SECONDS: Final = 300
AHEAD_SECONDS: Final = 60
REMEMBERED_SECONDS: Final = OLDEST_SECONDS + 2 * AHEAD_SECONDS
"""How long a `jti` is remembered: from the earliest moment at which its proof is fresh to the last, and a minute more
for clocks that differ between our own processes."""


class ReplayMemory(Protocol):
    """Remembers which proofs were used, for all processes of a service."""

    def is_first_use(self, proof: str, *, seconds: int, now: datetime) -> bool:
        """Note a proof (its digest) for `seconds`; tell whether it was not known. Raises UnreachableError."""


@dataclass(frozen=True, slots=True)
class DpopVerifier:
    """Verifies the proofs that come to one service; without `nonces` it gives none, and `iat` alone counts."""

    memory: ReplayMemory
    now: Callable[[], datetime]
    nonces: DpopNonces | None = None
    nonce_required: bool = False

    def key_of(self, proof: str, *, method: str, url: str, access_token: str | None = None) -> str:
        """Verify the proof that came with a request to `url`, and give the thumbprint of its key.

        Raises ProofRefusedError, NonceWantedError, or UnreachableError when it cannot be known whether it was used.
        """
        now = self.now()
        read = read_proof(proof, method=method, url=url, access_token=access_token)
        self._check_fresh(read, now)
        if not self.memory.is_first_use(_digest(read), seconds=REMEMBERED_SECONDS, now=now):
            raise ProofRefusedError("The DPoP proof was used before. Make a new one for each request.")
        return read.jkt

    def nonce_for_next(self) -> str | None:
        """Give the nonce that an answer hands out for the next request, where each needs one (§8.2)."""
        return self.nonces.current(self.now()) if self.nonces is not None and self.nonce_required else None

    def _check_fresh(self, proof: DpopProof, now: datetime) -> None:
        if self.nonces is None:
            if not _is_near(proof.iat, now):
                raise ProofRefusedError("The DPoP proof is too old or too new. Look at the clock of the client.")
        elif proof.nonce is not None:
            if not self.nonces.is_good(proof.nonce, now):
                raise NonceWantedError("The nonce of the DPoP proof is not one of ours.", self.nonces.current(now))
        elif self.nonce_required:
            raise NonceWantedError("The DPoP proof needs a nonce of ours.", self.nonces.current(now))
        elif not _is_near(proof.iat, now):
            raise NonceWantedError("The clock of the client differs from ours.", self.nonces.current(now))


def _is_near(iat: float, now: datetime) -> bool:
    at = now.timestamp()
    return at - OLDEST_SECONDS <= iat <= at + AHEAD_SECONDS


def _digest(proof: DpopProof) -> str:
    # The key belongs to it: nobody can use up the `jti` of another one's proof.
    return hashlib.sha256(f"{proof.jkt} {proof.jti}".encode()).hexdigest()
