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
from auth_service.storage.redis_script import RedisScript, ScriptConnections, ScriptStep

if TYPE_CHECKING:
    from datetime import datetime

    from redis import Redis

_RULES: Final = (INTERVAL_STEP_SECONDS * 1000, int(TOLERANCE_SECONDS * 1000))

_log = logging.getLogger(__name__)

# KEYS[1] is one device code's hash: client, public (absent for a confidential client), interval (ms), last (ms, absent
# before the first poll), pending_until (ms, absent once decided), decided (absent before).

# ARGV: now (ms), client_id, step (ms), tolerance (ms), and 1 when the client has not been authenticated: then nothing
# is told, and nothing counted, except of a public client's code that is pending.
_POLL: Final = """
local known = redis.call('HMGET', KEYS[1], 'client', 'interval', 'last', 'pending_until', 'public')
if not known[1] or known[1] ~= ARGV[2] then return 'unknown' end
local now = tonumber(ARGV[1])
local pending = known[4] and now < tonumber(known[4])
if ARGV[5] == '1' and not (pending and known[5]) then return 'unknown' end
local interval = tonumber(known[2])
local early = known[3] and now < tonumber(known[3]) + interval - tonumber(ARGV[4])
if early then
  redis.call('HSET', KEYS[1], 'last', now, 'interval', interval + tonumber(ARGV[3]))
else
  redis.call('HSET', KEYS[1], 'last', now)
end
if early then return pending and 'pending_early' or 'early' end
return pending and 'pending' or 'unknown'
"""

# ARGV: client, interval, pending_until, expires_at (times in ms), and 1 for a public client.
_NOTE_PENDING: Final = """
local client, interval, pending_until, expires_at, public = unpack(ARGV)
if redis.call('HEXISTS', KEYS[1], 'decided') == 1 then return end
redis.call('HSETNX', KEYS[1], 'client', client)
redis.call('HSETNX', KEYS[1], 'interval', interval)
redis.call('HSET', KEYS[1], 'pending_until', pending_until)
if public == '1' then redis.call('HSETNX', KEYS[1], 'public', 1) end
redis.call('PEXPIREAT', KEYS[1], expires_at)
"""

# The same for a code that was drawn just now: nothing is known of it that must stay.
_NEW_STEP: Final = """
local function step(key, client, interval, pending_until, expires_at, public)
  if public == '1' then
    redis.call('HSET', key, 'client', client, 'interval', interval, 'pending_until', pending_until, 'public', 1)
  else
    redis.call('HSET', key, 'client', client, 'interval', interval, 'pending_until', pending_until)
  end
  redis.call('PEXPIREAT', key, expires_at)
end
"""

# A poll that read SQL just before the decision must not note the code as pending after it.
_DECIDED: Final = """
if redis.call('HDEL', KEYS[1], 'pending_until') == 1 then redis.call('HSET', KEYS[1], 'decided', 1) end
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
        connections = ScriptConnections(redis)
        self._poll = RedisScript(connections, _POLL)
        self._note_pending = RedisScript(connections, _NOTE_PENDING)
        self._decided = RedisScript(connections, _DECIDED)

    def poll(self, code: str, *, client_id: str, now: datetime, authenticated: bool = True) -> Pace:
        """Count one poll of a device code (its digest) and say what is known.

        Before the client is authenticated only Pace.PENDING or PENDING_EARLY tell anything, and only a poll that they
        answer is counted (T09). Pace.UNKNOWN when Redis does not answer.
        """
        try:
            answer = self._poll(_key(code), _milliseconds(now), client_id, *_RULES, 0 if authenticated else 1)
        except RedisError as fault:
            _say_away(fault)
            return Pace.UNKNOWN
        return Pace(answer.decode() if isinstance(answer, bytes) else str(answer))

    def note_pending(
        self, code: str, *, client_id: str, expires_at: datetime, now: datetime, public: bool = False
    ) -> None:
        """Believe for a while that this device code (its digest) is pending: it was made or read so just now.

        `public` is said of a client that has nothing to authenticate with; what was said once stays.
        """
        try:
            self._note_pending(_key(code), *_pending(client_id, expires_at, now, public=public))
        except RedisError as fault:
            _say_away(fault)

    def new_step(
        self, code: str, *, client_id: str, expires_at: datetime, now: datetime, public: bool = False
    ) -> ScriptStep:
        """Give what note_pending does for a code that was drawn just now, as a step of another script."""
        return ScriptStep(_NEW_STEP, _key(code), _pending(client_id, expires_at, now, public=public))

    def decided(self, code: str) -> None:
        """Let the next poll ask SQL. Should this be lost, it does so after PENDING_SECONDS all the same."""
        try:
            self._decided(_key(code))
        except RedisError as fault:
            _say_away(fault)


def _pending(client_id: str, expires_at: datetime, now: datetime, *, public: bool) -> tuple[str | int, ...]:
    gone_at = _milliseconds(expires_at)
    # Redis has a clock of its own: by ours an expired code is not pending, however late Redis forgets it.
    pending_until = min(_milliseconds(now) + PENDING_SECONDS * 1000, gone_at)
    return client_id, INTERVAL_SECONDS * 1000, pending_until, gone_at, 1 if public else 0


def _key(code: str) -> str:
    return f"poll:{code}"


def _milliseconds(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)


def _say_away(fault: RedisError) -> None:
    _log.warning("poll pace unavailable", extra={"reason": type(fault).__name__})
