"""What may be used once and was: in Redis for all processes of a service, or in the memory of one.

DPoP proofs (RFC 9449 §11.1) and, at the authorization server, client assertions (RFC 7523 §3).
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from redis.exceptions import RedisError

from wire.errors import UnreachableError

if TYPE_CHECKING:
    from datetime import datetime

    from redis import Redis

    from wire.dpop import ReplayMemory

MOST_REMEMBERED: Final = 100_000
"""About 20 MB; more than this within seven minutes is no honest load on one process without Redis."""

_log = logging.getLogger(__name__)


class ProcessReplayMemory:
    """What this process has seen; bounded, and shut rather than forgetful when it is full."""

    def __init__(self, *, most: int = MOST_REMEMBERED) -> None:
        self._most = most
        self._lock = threading.Lock()
        # In the order of their coming, which is that of their end: all are remembered for the same time.
        self._ends: OrderedDict[str, float] = OrderedDict()

    def is_first_use(self, proof: str, *, seconds: int, now: datetime) -> bool:
        """Note a proof; see wire.dpop.ReplayMemory. Raises UnreachableError when the memory is full."""
        at = now.timestamp()
        with self._lock:
            self._forget(at)
            if proof in self._ends:
                return False
            if len(self._ends) >= self._most:
                raise UnreachableError("No more can be remembered at the moment.")
            self._ends[proof] = at + seconds
            return True

    def _forget(self, at: float) -> None:
        while self._ends and next(iter(self._ends.values())) <= at:
            self._ends.popitem(last=False)


class RedisReplayMemory:
    """What all processes have seen; while Redis is away, `fallback` remembers. `prefix` tells the uses apart."""

    def __init__(self, redis: Redis, fallback: ReplayMemory, *, prefix: str = "dpop") -> None:
        self._redis = redis
        self._prefix = prefix
        self._fallback = fallback

    def is_first_use(self, proof: str, *, seconds: int, now: datetime) -> bool:
        """Note a proof; see wire.dpop.ReplayMemory."""
        try:
            return bool(self._redis.set(f"{self._prefix}:{proof}", b"1", nx=True, ex=seconds))
        except RedisError as fault:
            extra = {"uses": self._prefix, "reason": type(fault).__name__}
            _log.warning("what was used is remembered in this process alone", extra=extra)
            return self._fallback.is_first_use(proof, seconds=seconds, now=now)
