"""Whether Redis is fit for us: it answers, takes writes, and throws nothing away to make room (F21, F22)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wire.errors import RedisUnfitError

if TYPE_CHECKING:
    from redis import Redis

KEEPS_ALL: Final = "noeviction"


def check_redis(redis: Redis) -> None:
    """Ask for its memory. Raises RedisUnfitError, or redis' own errors when it does not answer."""
    memory = redis.info("memory")
    limit = int(memory["maxmemory"])
    if not limit:
        return
    if memory["maxmemory_policy"] != KEEPS_ALL:
        # Counters of limits would go first, and with them what keeps guessers away.
        raise RedisUnfitError(f"Redis throws entries away when it is full; set its maxmemory-policy to {KEEPS_ALL}.")
    if int(memory["used_memory"]) >= limit:
        raise RedisUnfitError("Redis is full and takes no writes.")
