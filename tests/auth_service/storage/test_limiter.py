"""The limiter, on a real Valkey server, on its double, and in the memory that takes over while Redis is away."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from fakeredis import FakeRedis, FakeServer
from redis import Redis

from auth_service.domain.errors import TooManyRequestsError, UserCodeUnknownError
from auth_service.domain.limit import Count, Limit, hard
from auth_service.storage import limiter as module
from auth_service.storage.limiter import AWAY_SECONDS, Limiter
from auth_service.storage.redis_script import ScriptStep

if TYPE_CHECKING:
    from collections.abc import Iterator

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
TEN = Limit("test", allowance=2, counts=(hard("own", 900, 10), Count("all", 60, fair=12, most=15)))
STEP = ScriptStep(
    """
    local step_keys = 2
    local function step(first, one, two)
      redis.call('RPUSH', KEYS[first], one)
      redis.call('RPUSH', KEYS[first + 1], two)
    end
    """,
    ("steps", "others"),
    ("one", 2),
)


@pytest.fixture(params=["valkey", "fakeredis", "memory"])
def limiter(request: pytest.FixtureRequest) -> Iterator[Limiter]:
    if request.param == "valkey":
        with Redis.from_url(request.getfixturevalue("valkey")) as redis:
            redis.flushall()
            yield Limiter(redis)
    else:
        server = FakeServer()
        redis = FakeRedis(server=server)
        # fakeredis makes its database at the first call; two threads at once would make two.
        redis.ping()
        server.connected = request.param == "fakeredis"
        yield Limiter(redis)


@pytest.fixture
def eager_threads() -> Iterator[None]:
    """Let threads change places at every step: five milliseconds of Python hide a race in memory."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


def no_such_code() -> None:
    raise UserCodeUnknownError


def fail(limiter: Limiter, who: str = "me", now: datetime = NOON) -> bool:
    """Tell whether it could be tried."""
    try:
        with limiter.count_failure(TEN, (who, "all"), now=now):
            no_such_code()
    except TooManyRequestsError:
        return False
    except UserCodeUnknownError:
        return True


@pytest.mark.usefixtures("eager_threads")
def test_of_a_hundred_at_once_exactly_ten_are_tried(limiter: Limiter) -> None:
    """T03: counted before it is tried, in one step with the look at the count."""
    with ThreadPoolExecutor(32) as pool:
        tried = list(pool.map(lambda _: fail(limiter), range(100)))

    assert sum(tried) == 10


@pytest.mark.usefixtures("eager_threads")
def test_of_many_askers_at_once_the_shared_count_lets_exactly_its_number_through(limiter: Limiter) -> None:
    """T03: 15 for all, however many ask, each of them for the first time."""
    with ThreadPoolExecutor(32) as pool:
        tried = list(pool.map(lambda number: fail(limiter, f"asker {number}"), range(100)))

    assert sum(tried) == 15


def test_success_is_given_back(limiter: Limiter) -> None:
    """T01: successes never use a limit up, and do not wipe failures out."""
    for _ in range(50):
        with limiter.count_failure(TEN, ("me", "all"), now=NOON):
            pass

    assert [fail(limiter) for _ in range(11)] == [True] * 10 + [False]
    with pytest.raises(TooManyRequestsError), limiter.count_failure(TEN, ("me", "all"), now=NOON):
        raise AssertionError("It must not be tried.")


def test_trouble_of_ours_is_given_back(limiter: Limiter) -> None:
    """F28: a database that is away makes nobody guilty of guessing."""
    for _ in range(50):
        with pytest.raises(OSError, match="away"), limiter.count_failure(TEN, ("me", "all"), now=NOON):
            raise OSError("away")

    assert fail(limiter)


def test_an_ask_that_always_counts_is_not_given_back(limiter: Limiter) -> None:
    """T17."""
    for _ in range(10):
        limiter.count(TEN, ("me", "all"), now=NOON)

    with pytest.raises(TooManyRequestsError):
        limiter.count(TEN, ("me", "all"), now=NOON)


def test_the_step_after_an_ask_is_taken_when_it_is_counted_and_not_when_it_is_refused(valkey: str) -> None:
    """T17: who is refused leaves nothing in Redis."""
    with Redis.from_url(valkey) as redis:
        redis.flushall()
        limiter = Limiter(redis)
        for _ in range(10):
            limiter.count(TEN, ("me", "all"), now=NOON, then=STEP)
        with pytest.raises(TooManyRequestsError):
            limiter.count(TEN, ("me", "all"), now=NOON, then=STEP)

        assert redis.lrange("steps", 0, -1) == [b"one"] * 10
        assert redis.lrange("others", 0, -1) == [b"2"] * 10


def test_while_redis_is_away_an_ask_is_counted_without_its_step() -> None:
    """F19."""
    server = FakeServer()
    server.connected = False
    limiter = Limiter(FakeRedis(server=server))
    for _ in range(10):
        limiter.count(TEN, ("me", "all"), now=NOON, then=STEP)

    with pytest.raises(TooManyRequestsError):
        limiter.count(TEN, ("me", "all"), now=NOON, then=STEP)


def test_a_refusal_counts_nothing(limiter: Limiter) -> None:
    """T35: who is refused does not use up what is there for others, and does not lock itself out for longer."""
    refused = [fail(limiter) for _ in range(60)].count(False)

    assert refused == 50
    assert fail(limiter, "someone else")


def test_beyond_the_fair_number_only_those_pass_who_have_hardly_asked(limiter: Limiter) -> None:
    """T01, T17."""
    assert [fail(limiter, "first") for _ in range(10)] == [True] * 10
    assert [fail(limiter, "second") for _ in range(4)] == [True, True, False, False]
    assert [fail(limiter, "third") for _ in range(4)] == [True, True, False, False]
    assert [fail(limiter, "fourth") for _ in range(2)] == [True, False]


def test_a_new_window_begins_at_nought(limiter: Limiter) -> None:
    """T35: no lasting lock-out."""
    for _ in range(10):
        fail(limiter)
    with pytest.raises(TooManyRequestsError) as refused:
        limiter.count(TEN, ("me", "all"), now=NOON + timedelta(seconds=100))

    assert refused.value.retry_after_seconds == 800
    assert not fail(limiter, now=NOON + timedelta(seconds=899))
    assert fail(limiter, now=NOON + timedelta(seconds=900))


def test_what_is_given_back_late_is_given_back_where_it_was_taken(limiter: Limiter) -> None:
    """T01: a success that spans two windows makes no room in the second."""
    with limiter.count_failure(TEN, ("me", "all"), now=NOON):
        later = NOON + timedelta(seconds=900)
        assert [fail(limiter, now=later) for _ in range(10)] == [True] * 10

    assert not fail(limiter, now=later)


@pytest.mark.parametrize("who", ["", "ä" * 40_000, "\ud800", "a:b\r\n{x}"])
def test_any_name_is_a_key_of_its_own(limiter: Limiter, who: str) -> None:
    """T03: an email address is text from outside."""
    for _ in range(10):
        fail(limiter, who)

    assert not fail(limiter, who)
    assert fail(limiter, "me")


def test_redis_is_asked_once_for_all_counts_and_holds_no_name() -> None:
    """T17, C14: one script; no address of a person stands in Redis, and every count ends by itself."""
    redis = FakeRedis()
    Limiter(redis).count(TEN, ("owner@example.com", "all"), now=NOON)

    keys = redis.keys()
    assert len(keys) == 2
    assert b"owner" not in b" ".join(keys)
    assert sorted(redis.ttl(key) for key in keys) == [60, 900]


def test_a_count_that_has_gone_is_not_left_below_nought() -> None:
    redis = FakeRedis()
    with Limiter(redis).count_failure(TEN, ("me", "all"), now=NOON):
        redis.flushall()

    assert redis.keys() == []


def test_while_redis_is_away_there_is_a_limit_and_nobody_waits_twice(caplog: pytest.LogCaptureFixture) -> None:
    """F19, T01: the same numbers in each process; Redis is asked again after a moment."""
    server = FakeServer()
    limiter = Limiter(FakeRedis(server=server))
    server.connected = False

    assert [fail(limiter) for _ in range(11)] == [True] * 10 + [False]
    assert len([one for one in caplog.records if "unavailable" in one.message]) == 1

    server.connected = True
    assert not fail(limiter)
    assert fail(limiter, now=NOON + timedelta(seconds=AWAY_SECONDS))


def test_a_success_that_cannot_be_given_back_stays_counted() -> None:
    """F19: too strict by one, never too lax."""
    server = FakeServer()
    limiter = Limiter(FakeRedis(server=server))
    with limiter.count_failure(TEN, ("me", "all"), now=NOON):
        server.connected = False
    server.connected = True

    assert [fail(limiter) for _ in range(10)] == [True] * 9 + [False]


def test_memory_is_bounded_and_forgets_nobody_who_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """T03, F19: a flood of names does not wash a count away; when its window is over, room is made."""
    monkeypatch.setattr(module, "MOST_LOCAL_COUNTS", 4)
    server = FakeServer()
    server.connected = False
    limiter = Limiter(FakeRedis(server=server))
    loose = Limit("loose", allowance=0, counts=(hard("own", 60, 10),))

    for number in range(4):
        limiter.count(loose, (f"asker {number}",), now=NOON)
    with pytest.raises(TooManyRequestsError):
        limiter.count(loose, ("asker 5",), now=NOON)

    limiter.count(loose, ("asker 5",), now=NOON + timedelta(seconds=60))
