"""What Redis knows of polls, and what happens without it."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from redis import Redis

from auth_service.storage.poll_pace import Pace, PollPace

if TYPE_CHECKING:
    from tests.doubles.auth_house import House

RACERS = 16


def note(house: House, code: str = "digest") -> PollPace:
    pace = house.wired.protocol.pace
    until = house.clock() + timedelta(seconds=900)
    pace.note_pending(code, client_id="pos", public=True, expires_at=until, now=house.clock())
    return pace


def poll(house: House, code: str = "digest", *, client_id: str = "pos", public: bool = True) -> Pace:
    return house.wired.protocol.pace.poll(code, client_id=client_id, public=public, now=house.clock())


def test_pending_is_believed_for_six_intervals_only(house: House) -> None:
    note(house)
    seen = []
    for _ in range(8):
        seen.append(poll(house))
        house.clock.pass_seconds(5)

    assert seen == [Pace.PENDING] * 6 + [Pace.UNKNOWN] * 2


def test_an_expired_code_is_not_pending_even_if_redis_still_knows_it(house: House) -> None:
    """F41: Redis's clock may be behind ours."""
    pace = house.wired.protocol.pace
    until = house.clock() + timedelta(seconds=6)
    pace.note_pending("digest", client_id="pos", public=True, expires_at=until, now=house.clock())
    house.clock.pass_seconds(6)

    assert poll(house) is Pace.UNKNOWN


def test_a_decision_is_seen_by_the_next_poll(house: House) -> None:
    pace = note(house)
    pace.decided("digest")

    assert poll(house) is Pace.UNKNOWN


def test_an_early_poll_of_a_decided_code_is_told_as_early_not_as_pending(house: House) -> None:
    pace = note(house)
    poll(house)
    pace.decided("digest")

    assert poll(house) is Pace.EARLY


def test_another_client_learns_nothing_and_does_not_slow_the_right_one(house: House) -> None:
    note(house)

    assert poll(house, client_id="other") is Pace.UNKNOWN
    assert poll(house) is Pace.PENDING


def test_of_many_polls_at_once_one_is_in_time(house: House, valkey: str) -> None:
    """T14: on a real server, no two polls find that nobody polled before; each other one lengthens the interval."""
    now, start = house.clock(), threading.Barrier(RACERS)
    with Redis.from_url(valkey) as redis, ThreadPoolExecutor(RACERS) as pool:
        pace = PollPace(redis)
        pace.note_pending("raced", client_id="pos", public=True, expires_at=now + timedelta(seconds=900), now=now)

        def race(_: int) -> Pace:
            start.wait()
            return pace.poll("raced", client_id="pos", public=True, now=now)

        seen = Counter(pool.map(race, range(RACERS)))
        interval = int((redis.get("pace:raced") or b"0").split()[0])

    assert seen == {Pace.PENDING: 1, Pace.PENDING_EARLY: RACERS - 1}
    assert interval == 5000 * RACERS


def test_what_is_noted_goes_with_the_code(house: House) -> None:
    """T17: an abandoned code leaves nothing in Redis."""
    note(house)
    poll(house)
    poll(house)
    house.wired.protocol.pace.decided("digest")

    assert len(house.redis.keys()) == 2
    assert all(0 < house.redis.ttl(key) <= 900 for key in house.redis.keys("*"))


def test_an_emptied_redis_costs_a_look_into_sql(house: House) -> None:
    """F18."""
    code = house.ask_codes()["device_code"]
    house.redis.flushall()

    assert house.poll(code).json["error"] == "authorization_pending"
    assert house.poll(code).json["error"] == "authorization_pending"
    assert house.poll(code).json["error"] == "slow_down"


@pytest.mark.parametrize("key", ["pace", "polled"])
@pytest.mark.parametrize("value", ["", "5000", "x y public tillpass-pos", "-"])
def test_what_somebody_else_wrote_into_redis_is_not_believed(house: House, key: str, value: str) -> None:
    code = house.ask_codes()["device_code"]
    (written,) = house.redis.keys(f"{key}:*")
    house.redis.set(written, value)

    assert house.poll(code).json["error"] == "authorization_pending"


def test_without_redis_sql_answers_alone(house: House) -> None:
    """F19: a device gets its license while Redis is away."""
    house.redis_server.connected = False
    codes = house.ask_codes()

    assert house.poll(codes["device_code"]).json["error"] == "authorization_pending"
    assert house.decide(codes["user_code"]).status_code == 303
    assert house.poll(codes["device_code"]).status_code == 200


def test_a_pending_poll_asks_redis_alone(house: House) -> None:
    """The hottest path reads no table."""
    code = house.ask_codes()["device_code"]
    with house.wired.database.transaction() as connection:
        connection.exec_driver_sql("DELETE FROM device_authorizations")

    assert house.poll(code).json["error"] == "authorization_pending"


def test_a_poll_that_read_sql_before_the_decision_does_not_undo_it(house: House) -> None:
    pace = note(house)
    pace.decided("digest")
    note(house)

    assert poll(house) is Pace.UNKNOWN


def test_a_decision_on_an_unknown_code_leaves_nothing(house: House) -> None:
    """T17: what would be written then has no end."""
    house.wired.protocol.pace.decided("digest")

    assert house.redis.keys() == []


def test_a_poll_of_an_unknown_code_leaves_nothing(house: House) -> None:
    """T17: nobody fills Redis by polling codes that were never issued."""
    assert poll(house) is Pace.UNKNOWN

    assert house.redis.keys() == []


def test_an_early_poll_lengthens_the_interval_by_five_seconds(house: House) -> None:
    """T14: for all polls after it, until a decision and beyond what is believed of the state."""
    note(house)
    seen = []
    for seconds in (0, 1, 9, 15, 14, 5, 25):
        house.clock.pass_seconds(seconds)
        note(house)
        seen.append(poll(house))

    late, early = Pace.PENDING, Pace.PENDING_EARLY
    assert seen == [late, early, early, late, early, early, late]


def test_before_authentication_only_a_public_client_s_pending_code_is_told_of(house: House) -> None:
    """T09."""
    pace, now = house.wired.protocol.pace, house.clock()
    until = now + timedelta(seconds=900)
    for code, public in (("public", True), ("confidential", False)):
        pace.note_pending(code, client_id="pos", public=public, expires_at=until, now=now)

    told = {code: poll(house, code) for code in ("public", "confidential")}

    assert told == {"public": Pace.PENDING, "confidential": Pace.UNKNOWN}


def test_a_poll_before_authentication_does_not_slow_who_authenticates(house: House) -> None:
    """T14: the poll goes on to be authenticated and counted; twice would be a slow_down."""
    pace, now = house.wired.protocol.pace, house.clock()
    pace.note_pending("digest", client_id="pos", public=False, expires_at=now + timedelta(seconds=900), now=now)

    assert poll(house) is Pace.UNKNOWN
    assert poll(house, public=False) is Pace.PENDING
    assert poll(house, public=False) is Pace.PENDING_EARLY
