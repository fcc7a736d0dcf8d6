"""Redis: how fast each device code is polled, and which are known to be pending (RFC 8628 §3.5).

A poll is one round trip with two plain commands; a script for it cost Redis half as much again. Nothing here is the
truth: an emptied Redis costs a look into SQL, and while Redis is away SQL answers alone and nobody is slowed down.

Two keys for a device code, which go with it:

    pace:DIGEST            what is known: interval (ms), pending until (ms; 0 once decided) and owner
    polled:DIGEST:OWNER    when it was last polled (ms), 0 before the first time

The owner is the client and whether it authenticates, as in `public tillpass-pos`.

The second is exchanged, never made, by a poll: so of many at once one finds the earlier instant, a poll of a code that
is not known leaves nothing, and whoever polls as another kind of client counts for nothing (T09, T17).
"""

from __future__ import annotations

import logging
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from redis.exceptions import RedisError

from auth_service.domain.polling import INTERVAL_SECONDS, INTERVAL_STEP_SECONDS, PENDING_SECONDS, is_early
from auth_service.storage.redis_script import KeptConnections, RedisScript, ScriptStep

if TYPE_CHECKING:
    from datetime import datetime

    from redis import Redis

_FIRST_INTERVAL: Final = INTERVAL_SECONDS * 1000

_log = logging.getLogger(__name__)

# ARGV: what is known but for the interval, the first interval, expires_at (ms). A poll that read SQL just before the
# decision must not note the code as pending after it.
_NOTE_PENDING: Final = """
local known = redis.call('GET', KEYS[1])
if known and known:match('^%d+ 0 ') then return end
local interval = known and known:match('^%d+') or ARGV[2]
redis.call('SET', KEYS[1], interval .. ' ' .. ARGV[1], 'PXAT', ARGV[3])
redis.call('SET', KEYS[2], 0, 'NX', 'PXAT', ARGV[3])
"""

# The same for a code that was drawn just now: nothing is known of it that must stay.
_NEW_STEP: Final = """
local step_keys = 2
local function step(first, known, expires_at)
  redis.call('SET', KEYS[first], known, 'PXAT', expires_at)
  redis.call('SET', KEYS[first + 1], 0, 'PXAT', expires_at)
end
"""

# ARGV: by how much (ms).
_LENGTHEN: Final = """
local known = redis.call('GET', KEYS[1])
if not known then return end
local interval, rest = known:match('^(%d+)(.*)$')
redis.call('SET', KEYS[1], tostring(tonumber(interval) + tonumber(ARGV[1])) .. rest, 'KEEPTTL')
"""

_DECIDED: Final = """
local known = redis.call('GET', KEYS[1])
if known then redis.call('SET', KEYS[1], (known:gsub('^(%d+) %d+', '%1 0')), 'KEEPTTL') end
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
        connections = KeptConnections(redis)
        self._call_all = connections.call_all
        self._lengthen = RedisScript(connections, _LENGTHEN)
        self._note_pending = RedisScript(connections, _NOTE_PENDING)
        self._decided = RedisScript(connections, _DECIDED)

    def poll(self, code: str, *, client_id: str, public: bool, now: datetime) -> Pace:
        """Count one poll of a device code (its digest) and say what is known.

        `public` is said of a client that has nothing to authenticate with; any other has authenticated by now (T09).
        Pace.UNKNOWN when Redis does not answer.
        """
        instant, owner = _milliseconds(now), _owner(client_id, public=public)
        pace_key, polled_key = _keys(code, owner)
        try:
            known, last = self._call_all(("GET", pace_key), ("SET", polled_key, instant, "XX", "KEEPTTL", "GET"))
            if known is None:
                return Pace.UNKNOWN
            interval, pending_until, known_owner = known.split(b" ", 2)
            if known_owner != owner.encode():
                return Pace.UNKNOWN
            is_pending = instant < int(pending_until)
            if not is_early(int(last or 0), instant, interval=int(interval)):
                return Pace.PENDING if is_pending else Pace.UNKNOWN
            self._lengthen(pace_key, INTERVAL_STEP_SECONDS * 1000)
        except (RedisError, ValueError) as fault:
            # A value that cannot be read was not written by us.
            _say_away(fault)
            return Pace.UNKNOWN
        return Pace.PENDING_EARLY if is_pending else Pace.EARLY

    def note_pending(self, code: str, *, client_id: str, public: bool, expires_at: datetime, now: datetime) -> None:
        """Believe for a while that this device code (its digest) is pending: it was read so just now."""
        owner, gone_at = _owner(client_id, public=public), _milliseconds(expires_at)
        try:
            self._note_pending.on(_keys(code, owner), _pending(owner, gone_at, now), _FIRST_INTERVAL, gone_at)
        except RedisError as fault:
            _say_away(fault)

    def new_step(self, code: str, *, client_id: str, public: bool, expires_at: datetime, now: datetime) -> ScriptStep:
        """Give what note_pending does for a code that was drawn just now, as a step of another script."""
        owner, gone_at = _owner(client_id, public=public), _milliseconds(expires_at)
        return ScriptStep(
            _NEW_STEP, _keys(code, owner), (f"{_FIRST_INTERVAL} {_pending(owner, gone_at, now)}", gone_at)
        )

    def decided(self, code: str) -> None:
        """Let the next poll ask SQL. Should this be lost, it does so after PENDING_SECONDS all the same."""
        try:
            self._decided(_pace_key(code))
        except RedisError as fault:
            _say_away(fault)


def _pending(owner: str, gone_at: int, now: datetime) -> str:
    # Redis has a clock of its own: by ours an expired code is not pending, however late Redis forgets it.
    pending_until = min(_milliseconds(now) + PENDING_SECONDS * 1000, gone_at)
    return f"{pending_until} {owner}"


def _owner(client_id: str, *, public: bool) -> str:
    return f"public {client_id}" if public else f"confidential {client_id}"


def _keys(code: str, owner: str) -> tuple[str, str]:
    return _pace_key(code), f"polled:{code}:{owner}"


def _pace_key(code: str) -> str:
    return f"pace:{code}"


def _milliseconds(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)


def _say_away(fault: RedisError | ValueError) -> None:
    _log.warning("poll pace unavailable", extra={"reason": type(fault).__name__})
