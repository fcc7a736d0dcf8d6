"""Redis: how fast each device code is polled, and which are known to be pending (RFC 8628 §3.5).

One Lua script a poll. Nothing here is the truth: an emptied Redis costs a look into SQL, and while Redis is away SQL
answers alone and nobody is slowed down.
"""

from __future__ import annotations

import logging
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from redis.exceptions import RedisError

from auth_service.domain.polling import (
    INTERVAL_SECONDS,
    INTERVAL_STEP_SECONDS,
    PENDING_SECONDS,
    TOLERANCE_SECONDS,
)

if TYPE_CHECKING:
    from datetime import datetime

    from redis import Redis

_log = logging.getLogger(__name__)

# KEYS[1] the code's hash. ARGV: now (ms), client_id, step (ms), tolerance (ms).
# Fields: client, interval (ms), last (ms, absent before the first poll), pending_until (ms, absent once decided).
_POLL: Final = """
local known = redis.call('HMGET', KEYS[1], 'client', 'interval', 'last', 'pending_until')
if not known[1] or known[1] ~= ARGV[2] then return 'unknown' end
local now = tonumber(ARGV[1])
local interval = tonumber(known[2])
local early = known[3] and now < tonumber(known[3]) + interval - tonumber(ARGV[4])
if early then
  redis.call('HSET', KEYS[1], 'last', now, 'interval', interval + tonumber(ARGV[3]))
else
  redis.call('HSET', KEYS[1], 'last', now)
end
local pending = known[4] and now < tonumber(known[4])
if early then return pending and 'pending_early' or 'early' end
return pending and 'pending' or 'unknown'
"""


class Pace(StrEnum):
    """What Redis says of one poll."""

    PENDING = "pending"
    PENDING_EARLY = "pending_early"
    """Pending, and polled too fast."""
    EARLY = "early"
    """Polled too fast; SQL must say in which state."""
    UNKNOWN = "unknown"
    """SQL must say."""


class PollPace:
    """The polls of all device codes."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._script = redis.register_script(_POLL)

    def poll(self, code: str, *, client_id: str, now: datetime) -> Pace:
        """Count one poll and say what is known; Pace.UNKNOWN when Redis does not answer."""
        try:
            answer = self._script(
                keys=[_key(code)],
                args=[_milliseconds(now), client_id, INTERVAL_STEP_SECONDS * 1000, int(TOLERANCE_SECONDS * 1000)],
            )
        except RedisError as fault:
            _say_away(fault)
            return Pace.UNKNOWN
        return Pace(answer.decode() if isinstance(answer, bytes) else str(answer))

    def note_pending(self, code: str, *, client_id: str, expires_at: datetime, now: datetime) -> None:
        """Believe for a while that this device code (its digest) is pending: it was made or read so just now."""
        key = _key(code)
        try:
            with self._redis.pipeline(transaction=True) as together:
                together.hsetnx(key, "client", client_id)
                together.hsetnx(key, "interval", str(INTERVAL_SECONDS * 1000))
                together.hset(key, "pending_until", str(_milliseconds(now) + PENDING_SECONDS * 1000))
                together.pexpireat(key, _milliseconds(expires_at))
                together.execute()
        except RedisError as fault:
            _say_away(fault)

    def decided(self, code: str) -> None:
        """Let the next poll ask SQL. Should this be lost, it does so after PENDING_SECONDS all the same."""
        try:
            self._redis.hdel(_key(code), "pending_until")
        except RedisError as fault:
            _say_away(fault)


def _key(code: str) -> str:
    return f"poll:{code}"


def _milliseconds(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)


def _say_away(fault: RedisError) -> None:
    _log.warning("poll pace unavailable", extra={"reason": type(fault).__name__})
