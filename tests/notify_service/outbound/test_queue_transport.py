"""The transport between Redis and the worker; test_worker.py brings it entries that are no messages."""

from __future__ import annotations

from typing import Any

import pytest
from redis.exceptions import TimeoutError as RedisTimeoutError

from notify_service.outbound.queue_transport import QoS


class SilentChannel:
    """A channel to a Redis that answers nothing."""

    do_restore = False

    def __init__(self) -> None:
        self.qos = QoS(self, prefetch_count=1)

    def conn_or_acquire(self, client: Any = None) -> Any:
        raise RedisTimeoutError("Timeout reading from socket")


def test_an_acknowledgement_that_redis_does_not_take_gives_its_place_free() -> None:
    """F20, F23: or a worker with one place would take nothing any more."""
    qos = SilentChannel().qos
    qos._delivered["tag"] = "message"
    assert not qos.can_consume()

    with pytest.raises(RedisTimeoutError):
        qos.ack("tag")

    assert qos.can_consume()
    qos._delivered.clear()
