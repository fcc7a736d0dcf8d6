"""The one limiter: counts in Redis, taken and given back atomically (T01, T03, T17, T35).

Every ask is counted before it is tried, in one script that looks and counts at once, so that a hundred at the same
moment are a hundred counts; what turns out to be no failure is given back. While Redis is away each process counts for
itself by the same numbers: there is always a limit (F19).
"""

from __future__ import annotations

import hashlib
import logging
import threading
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Final

from redis.exceptions import RedisError

from auth_service.domain.errors import RefusedError, TooManyRequestsError
from auth_service.storage.redis_script import KeptConnections, RedisScript

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from redis import Redis

    from auth_service.domain.limit import Limit
    from auth_service.storage.redis_script import ScriptStep

AWAY_SECONDS: Final = 2
"""For how long Redis is not asked again once it failed: waiting in vain at every request would hold them all."""

MOST_LOCAL_COUNTS: Final = 50_000

_log = logging.getLogger(__name__)

# KEYS: the counts, the asker's own first. ARGV: allowance, then for each count: fair, most, seconds it is kept.
# Gives the places (from 1) of the counts that are reached; none when the ask was counted.
_TAKE_FUNCTION: Final = """
local function take(counts)
  local standing = redis.call('MGET', unpack(KEYS, 1, counts))
  local within_allowance = tonumber(standing[1] or '0') < tonumber(ARGV[1])
  local reached = {}
  for place = 1, counts do
    local bound = tonumber(ARGV[3 * place - (within_allowance and 0 or 1)])
    if tonumber(standing[place] or '0') >= bound then reached[#reached + 1] = place end
  end
  if #reached > 0 then return reached end
  for place = 1, counts do
    if redis.call('INCR', KEYS[place]) == 1 then redis.call('EXPIRE', KEYS[place], ARGV[3 * place + 1]) end
  end
  return reached
end
"""

_TAKE: Final = _TAKE_FUNCTION + "return take(#KEYS)"

# After the counts: the step's keys among KEYS, its arguments among ARGV.
_TAKE_AND_STEP: Final = (
    _TAKE_FUNCTION
    + """
local counts = #KEYS - step_keys
local reached = take(counts)
if #reached == 0 then step(counts + 1, unpack(ARGV, 3 * counts + 2)) end
return reached
"""
)

# A count that has gone with its window must not come back below zero, to be there for good.
_GIVE_BACK: Final = """
for place = 1, #KEYS do
  if redis.call('EXISTS', KEYS[place]) == 1 then redis.call('DECR', KEYS[place]) end
end
"""


class Limiter:
    """Counts of everything that is limited, each by the keys that the caller names in the order of the limit's counts.

    A key is what the server knows of the asker (its account, its address as TrustedProxies gives it), never a header.
    """

    def __init__(self, redis: Redis) -> None:
        self._shared = _RedisCounts(redis)
        self._local = _LocalCounts()
        self._away_until = 0.0

    def count(self, limit: Limit, asker: Sequence[str], *, now: datetime, then: ScriptStep | None = None) -> None:
        """Count one ask, for good, and take the step after it; while Redis is away the step is left out.

        Raises TooManyRequestsError when a limit is reached, and counts nothing then.
        """
        self._take(limit, _keys(limit, asker, now), now, then)

    @contextmanager
    def count_failure(self, limit: Limit, asker: Sequence[str], *, now: datetime) -> Iterator[None]:
        """Count the block only if it ends in a RefusedError: success is given back, and so is trouble of ours.

        Raises TooManyRequestsError before the block when a limit is reached.
        """
        keys = _keys(limit, asker, now)
        counts = self._take(limit, keys, now)
        failed = False
        try:
            yield
        except RefusedError:
            failed = True
            raise
        finally:
            if not failed:
                counts.give_back(keys)

    def _take(
        self, limit: Limit, keys: list[str], now: datetime, then: ScriptStep | None = None
    ) -> _RedisCounts | _LocalCounts:
        counts: _RedisCounts | _LocalCounts = self._shared
        reached = self._take_shared(limit, keys, now, then)
        if reached is None:
            counts = self._local
            reached = self._local.take(limit, keys, now)
        if reached:
            raise TooManyRequestsError(max(_seconds_left(limit.counts[place].seconds, now) for place in reached))
        return counts

    def _take_shared(self, limit: Limit, keys: list[str], now: datetime, then: ScriptStep | None) -> list[int] | None:
        """Give the places of the counts that are reached; None while Redis is away."""
        if now.timestamp() < self._away_until:
            return None
        try:
            return self._shared.take(limit, keys, then)
        except RedisError as fault:
            self._away_until = now.timestamp() + AWAY_SECONDS
            _log.warning("shared limits unavailable", extra={"reason": type(fault).__name__})
            return None


class _RedisCounts:
    def __init__(self, redis: Redis) -> None:
        connections = KeptConnections(redis)
        self._take_script = RedisScript(connections, _TAKE)
        self._take_and_step_script = cache(lambda step: RedisScript(connections, step + _TAKE_AND_STEP))
        self._give_back_script = RedisScript(connections, _GIVE_BACK)

    def take(self, limit: Limit, keys: list[str], then: ScriptStep | None) -> list[int]:
        numbers = [number for count in limit.counts for number in (count.fair, count.most, count.seconds)]
        if then is None:
            reached = self._take_script.on(keys, limit.allowance, *numbers)
        else:
            script = self._take_and_step_script(then.function)
            reached = script.on([*keys, *then.keys], limit.allowance, *numbers, *then.arguments)
        return [place - 1 for place in reached]

    def give_back(self, keys: list[str]) -> None:
        try:
            self._give_back_script.on(keys)
        except RedisError as fault:
            # Then it stays counted: too strict by one for a quarter of an hour, never too lax.
            _log.warning("count not given back", extra={"reason": type(fault).__name__})


class _LocalCounts:
    """The same in the memory of one process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[str, tuple[int, float]] = {}

    def take(self, limit: Limit, keys: list[str], now: datetime) -> list[int]:
        with self._lock:
            if not self._has_room(len(keys), now.timestamp()):
                # Whoever makes so many keys must not make us forget the others' counts.
                return list(range(len(keys)))
            standing = [self._counts.get(key, (0, 0.0))[0] for key in keys]
            if not (reached := limit.reached(standing)):
                for key, count, number in zip(keys, limit.counts, standing, strict=True):
                    self._counts[key] = (number + 1, now.timestamp() + count.seconds)
            return reached

    def give_back(self, keys: list[str]) -> None:
        with self._lock:
            for key in keys:
                if key in self._counts:
                    number, until = self._counts[key]
                    self._counts[key] = (number - 1, until)

    def _has_room(self, wanted: int, now: float) -> bool:
        if len(self._counts) + wanted > MOST_LOCAL_COUNTS:
            self._counts = {key: kept for key, kept in self._counts.items() if kept[1] > now}
        return len(self._counts) + wanted <= MOST_LOCAL_COUNTS


def _keys(limit: Limit, asker: Sequence[str], now: datetime) -> list[str]:
    """Name each count with its window, so that it is given back where it was taken."""
    instant = int(now.timestamp())
    return [
        f"limit:{limit.name}:{count.by}:{_digest(who)}:{instant // count.seconds}"
        for count, who in zip(limit.counts, asker, strict=True)
    ]


def _digest(who: str) -> str:
    # An email address has no place in Redis, and a long one none in a key.
    return hashlib.blake2s(who.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _seconds_left(window: int, now: datetime) -> int:
    return window - int(now.timestamp()) % window
