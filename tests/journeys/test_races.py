"""One approval, one token family: 64 polls at once, four worker processes, real Valkey and SQLite."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests

    from tests.journeys.people import People

RACERS = 64
ROUNDS = 20


def at_once(call: Callable[[], requests.Response], pool: ThreadPoolExecutor) -> list[requests.Response]:
    """Make the same request RACERS times at the same moment."""
    start = threading.Barrier(RACERS)

    def one(_: int) -> requests.Response:
        start.wait()
        return call()

    return list(pool.map(one, range(RACERS)))


def test_sixty_four_polls_of_an_approved_code_give_one_family_that_refreshes(people: People) -> None:
    """T05: twenty rounds; the losers get invalid_grant, nobody a 5xx, and the family lives on."""
    visitor = people.operator()
    with ThreadPoolExecutor(RACERS) as pool:
        for _ in range(ROUNDS):
            codes = people.ask_codes()
            people.authorize(codes["user_code"], visitor=visitor)

            answers = at_once(lambda code=codes["device_code"]: people.poll(code), pool)

            outcomes = Counter((answer.status_code, answer.json().get("error")) for answer in answers)
            assert outcomes == {(200, None): 1, (400, "invalid_grant"): RACERS - 1}
            (tokens,) = [answer.json() for answer in answers if answer.status_code == 200]
            refreshed = people.refresh(tokens["refresh_token"])
            assert refreshed.status_code == 200
            assert people.refresh(refreshed.json()["refresh_token"]).status_code == 200


def test_sixty_four_refreshes_of_one_token_give_one_live_successor(people: People) -> None:
    """T24."""
    codes = people.ask_codes()
    people.authorize(codes["user_code"])
    token = people.poll(codes["device_code"]).json()["refresh_token"]
    with ThreadPoolExecutor(RACERS) as pool:
        for _ in range(5):
            answers = at_once(lambda token=token: people.refresh(token), pool)

            outcomes = Counter((answer.status_code, answer.json().get("error")) for answer in answers)
            assert outcomes == {(200, None): 1, (400, "invalid_grant"): RACERS - 1}
            (token,) = [answer.json()["refresh_token"] for answer in answers if answer.status_code == 200]
