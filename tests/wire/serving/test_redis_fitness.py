"""A Redis that is full or throws entries away is told by `/readyz`."""

from __future__ import annotations

from typing import Any

import pytest
import redis
from redis.exceptions import ConnectionError as RedisConnectionError

from wire.errors import RedisUnfitError
from wire.serving.redis_fitness import check_redis


@pytest.fixture
def limited(valkey: str) -> Any:
    """Give a call that sets the memory and the policy of a real server."""
    with redis.Redis.from_url(valkey) as client:

        def limit(size: str, policy: str) -> redis.Redis:
            client.config_set("maxmemory", size)
            client.config_set("maxmemory-policy", policy)
            return client

        yield limit
        client.config_set("maxmemory", 0)
        client.config_set("maxmemory-policy", "noeviction")


@pytest.mark.parametrize("policy", ["allkeys-lru", "volatile-ttl"])
def test_a_redis_that_throws_entries_away_is_unfit(limited: Any, policy: str) -> None:
    """F22."""
    with pytest.raises(RedisUnfitError, match="noeviction"):
        check_redis(limited("100mb", policy))


def test_a_full_redis_is_unfit(limited: Any) -> None:
    """F21."""
    with pytest.raises(RedisUnfitError, match="full"):
        check_redis(limited("1", "noeviction"))


def test_a_redis_with_room_is_fit(limited: Any) -> None:
    check_redis(limited("100mb", "noeviction"))


def test_without_a_limit_no_policy_throws_anything_away(valkey: str) -> None:
    with redis.Redis.from_url(valkey) as client:
        check_redis(client)


def test_a_redis_that_is_away_raises() -> None:
    """F19."""
    with redis.Redis(port=1, retry=None) as client, pytest.raises(RedisConnectionError):
        check_redis(client)
