"""Which proofs were used (RFC 9449 §11.1; T15, F19)."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import fakeredis
import pytest

from wire.errors import UnreachableError
from wire.serving.replay_memory import ProcessReplayMemory, RedisReplayMemory

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


def test_proof_is_new_once_until_it_is_forgotten() -> None:
    memory = ProcessReplayMemory()

    assert memory.is_first_use("a", seconds=420, now=NOW)
    assert memory.is_first_use("b", seconds=420, now=NOW)
    assert not memory.is_first_use("a", seconds=420, now=NOW + timedelta(seconds=419))
    assert memory.is_first_use("a", seconds=420, now=NOW + timedelta(seconds=420))


def test_full_memory_is_shut_and_opens_again() -> None:
    """To forget the oldest would open it for a replay."""
    memory = ProcessReplayMemory(most=2)
    for proof in ("a", "b"):
        memory.is_first_use(proof, seconds=420, now=NOW)

    with pytest.raises(UnreachableError):
        memory.is_first_use("c", seconds=420, now=NOW)
    assert not memory.is_first_use("a", seconds=420, now=NOW)
    assert memory.is_first_use("c", seconds=420, now=NOW + timedelta(seconds=421))


def test_one_of_many_threads_is_the_first() -> None:
    memory = ProcessReplayMemory()
    answers: list[bool] = []
    start = threading.Barrier(16)

    def race() -> None:
        start.wait()
        answers.append(memory.is_first_use("a", seconds=420, now=NOW))

    threads = [threading.Thread(target=race) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answers) == [False] * 15 + [True]


@pytest.fixture
def redis_server() -> fakeredis.FakeServer:
    return fakeredis.FakeServer()


def _process(server: fakeredis.FakeServer) -> RedisReplayMemory:
    return RedisReplayMemory(fakeredis.FakeRedis(server=server), ProcessReplayMemory())


def test_all_processes_remember_together(redis_server: fakeredis.FakeServer) -> None:
    one, other = _process(redis_server), _process(redis_server)

    assert one.is_first_use("a", seconds=420, now=NOW)
    assert not other.is_first_use("a", seconds=420, now=NOW)


def test_redis_forgets_in_time(redis_server: fakeredis.FakeServer) -> None:
    _process(redis_server).is_first_use("a", seconds=420, now=NOW)

    assert 0 < fakeredis.FakeRedis(server=redis_server).ttl("dpop:a") <= 420


def test_while_redis_is_away_each_process_remembers_for_itself(redis_server: fakeredis.FakeServer) -> None:
    """F19: never to none."""
    one, other = _process(redis_server), _process(redis_server)
    redis_server.connected = False

    assert one.is_first_use("a", seconds=420, now=NOW)
    assert not one.is_first_use("a", seconds=420, now=NOW)
    assert other.is_first_use("a", seconds=420, now=NOW)
