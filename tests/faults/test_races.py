"""64 at once, four processes, both databases: one family of tokens, alive afterwards, and no 5xx (T05, T07, T24).

`pytest tests/faults --rounds 100` plays as many rounds as the figures ask for.
"""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

import pytest

from auth_service.actions.authorize_device import authorize_device
from auth_service.actions.deny_device import deny_device
from auth_service.domain.errors import AlreadyDecidedError
from tests.doubles.auth_house import Licenses
from tests.doubles.auth_processes import now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from auth_service.actions.authorize_device import Decision
    from tests.doubles.auth_processes import Answer, AuthProcesses

RACERS = 64
T = TypeVar("T")


@pytest.fixture(scope="module")
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(RACERS) as threads:
        yield threads


def at_once(pool: ThreadPoolExecutor, calls: list[Callable[[], T]]) -> list[T]:
    """Make every call at the same moment."""
    start = threading.Barrier(len(calls))

    def one(call: Callable[[], T]) -> T:
        start.wait()
        return call()

    return list(pool.map(one, calls))


def the_one_token(answers: list[Answer]) -> str:
    """All that was given is one and the same; who got nothing was told so properly."""
    assert not Counter(status for status, _ in answers).keys() - {200, 400}
    assert {body["error"] for status, body in answers if status == 400} <= {"invalid_grant"}
    (token,) = {body["refresh_token"] for status, body in answers if status == 200}
    return str(token)


def test_racing_polls_of_one_approved_code_give_one_family(
    auth: AuthProcesses, pool: ThreadPoolExecutor, rounds: int
) -> None:
    """T05."""
    for _ in range(rounds):
        code = auth.approved_code()
        before = grants(auth)

        answers = at_once(pool, [lambda code=code: auth.poll(code)] * RACERS)

        token = the_one_token(answers)
        assert grants(auth) == before + 1
        assert auth.refresh(token)[0] == 200


def test_racing_refreshes_of_one_token_give_one_live_successor(
    auth: AuthProcesses, pool: ThreadPoolExecutor, rounds: int
) -> None:
    """T24."""
    token = auth.poll(auth.approved_code())[1]["refresh_token"]
    for _ in range(rounds):
        token = the_one_token(at_once(pool, [lambda token=token: auth.refresh(token)] * RACERS))
    assert auth.refresh(token)[0] == 200


def test_approving_and_denying_at_the_same_moment_has_one_outcome(
    auth: AuthProcesses, pool: ThreadPoolExecutor, rounds: int
) -> None:
    """T07: two operators; the one who was later is told so, and the device learns what the first decided."""
    for _ in range(rounds):
        codes = auth.ask_codes()
        decisions = [auth.review(codes["user_code"], operator % 2) for operator in range(8)]

        def decide(number: int, decisions: list[Decision] = decisions) -> str:
            try:
                if number % 2:
                    deny_device(auth.wired.database, decisions[number], mail=auth.wired.desk.mail, now=now())
                else:
                    authorize_device(
                        auth.wired.database,
                        Licenses(now),
                        decisions[number],
                        mail=auth.wired.desk.mail,
                        now=now(),
                    )
            except AlreadyDecidedError as refused:
                return str(refused)
            return "denied" if number % 2 else "approved"

        outcomes = Counter(at_once(pool, [lambda number=number: decide(number) for number in range(8)]))
        auth.wired.desk.pace.decided(decisions[0].review.authorization.device_code_digest)

        assert outcomes["This code was decided by someone else, or it has expired."] == 7
        status, body = auth.poll(codes["device_code"])
        assert (status, body.get("error")) == ((200, None) if outcomes["approved"] else (400, "access_denied"))


def grants(auth: AuthProcesses) -> int:
    with auth.wired.database.reading() as connection:
        number: int = connection.exec_driver_sql("SELECT count(*) FROM grants").scalar_one()
    return number
