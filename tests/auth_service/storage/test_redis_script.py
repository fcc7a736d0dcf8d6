"""Scripts on connections of their own: what is forgotten, what breaks, what is shared."""

from __future__ import annotations

import os
import threading

import fakeredis
import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError
from redis.retry import Retry

from auth_service.storage import redis_script
from auth_service.storage.redis_script import KeptConnections, RedisScript

ECHO = "return {KEYS[1], ARGV[1]}"


@pytest.fixture
def server() -> fakeredis.FakeServer:
    return fakeredis.FakeServer()


@pytest.fixture
def connections(server: fakeredis.FakeServer) -> KeptConnections:
    return KeptConnections(fakeredis.FakeRedis(server=server))


def test_a_script_gets_its_key_and_arguments(connections: KeptConnections) -> None:
    assert RedisScript(connections, ECHO)("key", 7) == [b"key", b"7"]


def test_a_script_that_redis_has_forgotten_is_sent_again(
    connections: KeptConnections, server: fakeredis.FakeServer
) -> None:
    """F18: an emptied or restarted Redis knows no script."""
    script = RedisScript(connections, ECHO)
    script("key", 7)
    fakeredis.FakeRedis(server=server).script_flush()

    assert script("key", 8) == [b"key", b"8"]


def test_one_connection_serves_one_call_after_the_other(connections: KeptConnections) -> None:
    script = RedisScript(connections, ECHO)
    for number in range(5):
        script("key", number)

    assert len(connections._idle) == 1


def test_a_fault_of_the_script_leaves_its_connection_usable(connections: KeptConnections) -> None:
    with pytest.raises(ResponseError):
        RedisScript(connections, "return redis.call('HGET')")("key")

    assert RedisScript(connections, ECHO)("key", 7) == [b"key", b"7"]
    assert len(connections._idle) == 1


def test_commands_that_go_together_are_answered_in_their_order(connections: KeptConnections) -> None:
    assert connections.call_all(("SET", "key", 7), ("GET", "key"), ("GET", "other")) == [b"OK", b"7", None]


def test_a_refused_command_among_others_leaves_their_answers_in_step(connections: KeptConnections) -> None:
    """The next call must not read what was meant for this one."""
    with pytest.raises(ResponseError):
        connections.call_all(("SET", "key", 7), ("LPOP", "key"), ("GET", "key"))

    assert connections.call("GET", "other") is None
    assert len(connections._idle) == 1


def test_what_cuts_a_call_off_leaves_no_answer_to_the_next(valkey: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with Redis.from_url(valkey) as redis:
        connections = KeptConnections(redis)
        connections.call_all(("SET", "one", 1), ("SET", "two", 2))
        with monkeypatch.context() as patched:
            patched.setattr(redis_script, "_answer", cut_off)
            with pytest.raises(KeyboardInterrupt):
                connections.call_all(("GET", "one"), ("GET", "one"))

        assert connections.call("GET", "two") == b"2"


def cut_off(_connection: object) -> None:
    raise KeyboardInterrupt


def test_a_connection_that_broke_opens_anew(connections: KeptConnections, server: fakeredis.FakeServer) -> None:
    """F19."""
    script = RedisScript(connections, ECHO)
    server.connected = False
    for _ in range(3):
        with pytest.raises(RedisConnectionError):
            script("key", 7)
    server.connected = True

    assert script("key", 7) == [b"key", b"7"]
    assert len(connections._idle) == 1


def test_a_kept_connection_that_redis_closed_meanwhile_is_replaced(valkey: str) -> None:
    """F17: after a restart of Redis the first call of each connection is not lost."""
    redis = Redis.from_url(valkey, retry=Retry(NoBackoff(), 0))
    script = RedisScript(KeptConnections(redis), ECHO)
    assert script("key", 1) == [b"key", b"1"]

    redis.client_kill_filter(_type="normal", skipme=True)

    assert script("key", 2) == [b"key", b"2"]
    redis.close()


def test_threads_never_share_a_connection_in_use(connections: KeptConnections) -> None:
    script = RedisScript(connections, ECHO)
    wrong: list[object] = []

    def ask(number: int) -> None:
        for count in range(50):
            answer = script(f"key-{number}", count)
            if answer != [f"key-{number}".encode(), str(count).encode()]:
                wrong.append(answer)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []
    assert len(connections._idle) <= 8


def test_a_forked_process_leaves_its_parent_s_connections_alone(
    connections: KeptConnections, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = RedisScript(connections, ECHO)
    script("key", 7)
    [parents] = connections._idle
    monkeypatch.setattr(os, "getpid", lambda: -1)

    script("key", 8)

    assert parents not in connections._idle
