"""A POST that is repeated is done once (F07, F47), on SQLite and PostgreSQL."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from database.errors import DatabaseUnavailableError
from license_service.actions.add_component import add_component
from license_service.actions.answer_once import answer_once
from license_service.domain.catalog import Component
from license_service.domain.errors import IdempotencyKeyReusedError, PostUnderWayError
from license_service.domain.idempotent_post import KEPT, LONGEST_WORK, Answer, IdempotentPost
from license_service.storage.tables import components, idempotency_keys

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from sqlalchemy import Connection

    from database.engine import Database
    from license_service.actions.answer_once import OnceAnswered

NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
POST = IdempotentPost(("console", "console"), "8e03978e-40d5-43dd-bc93-6894a57f9324", (b"POST", b"/", b"{}"))
DONE = Answer(201, {"Location": "/v1/components/c"}, b'{"code": "c"}')
THREADS = 8


def added(database: Database) -> list[str]:
    """Give what there is beside what a new database has."""
    with database.reading() as connection:
        return list(connection.execute(select(components.c.code).where(components.c.code != "xms")).scalars())


def adding(database: Database, code: str = "c", answer: Answer = DONE) -> Callable[[], Answer]:
    """Give work that adds a component."""

    def work() -> Answer:
        add_component(database, Component(code, "A component"))
        return answer

    return work


def once(
    database: Database,
    work: Callable[[], Answer],
    *,
    post: IdempotentPost = POST,
    claim_id: str = "a" * 32,
    now: datetime = NOW,
) -> OnceAnswered:
    return answer_once(database, post, work, claim_id=claim_id, nonce=b"n" * 12, now=now)


def test_the_answer_of_the_first_time_comes_again(any_database: Database) -> None:
    first = once(any_database, adding(any_database))
    again = once(any_database, adding(any_database, "other", Answer(201, {}, b"other")))

    assert first == (DONE, False)
    assert again == (DONE, True)
    assert len(added(any_database)) == 1


def test_a_refusal_comes_again_too(any_database: Database) -> None:
    refused = Answer(409, {"Content-Type": "application/problem+json"}, b"{}")
    once(any_database, lambda: refused)

    assert once(any_database, adding(any_database)) == (refused, True)
    assert added(any_database) == []


def test_the_key_with_another_request_is_refused(any_database: Database) -> None:
    once(any_database, adding(any_database))

    with pytest.raises(IdempotencyKeyReusedError):
        once(any_database, adding(any_database, "other"), post=replace(POST, request=(b"POST", b"/", b"[]")))
    assert len(added(any_database)) == 1


def test_another_caller_s_key_is_another_one(any_database: Database) -> None:
    """T44: all devices share one client."""
    once(any_database, adding(any_database))

    others = once(any_database, adding(any_database, "other"), post=replace(POST, caller=("console", "device-1")))

    assert not others.is_replay


def test_of_many_at_once_one_works(any_database: Database) -> None:
    """F47: the others are told that it is under way, or what it came to."""
    outcomes: list[object] = []
    start = threading.Barrier(THREADS)

    def race(number: int) -> None:
        start.wait()
        try:
            outcomes.append(once(any_database, adding(any_database, f"c{number}"), claim_id=f"{number:032}"))
        except PostUnderWayError:
            outcomes.append("under way")

    threads = [threading.Thread(target=race, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(outcomes) == THREADS
    assert outcomes.count((DONE, False)) == 1
    assert all(outcome in ("under way", (DONE, True), (DONE, False)) for outcome in outcomes)
    assert len(added(any_database)) == 1


def test_while_it_is_under_way_its_repetition_is_refused(any_database: Database) -> None:
    with pytest.raises(PostUnderWayError):
        once_within_another(any_database, now=NOW + LONGEST_WORK - timedelta(seconds=1))


def once_within_another(database: Database, *, now: datetime) -> OnceAnswered:
    """Give what a repetition is told that comes once the first is claimed, whose worker then dies."""

    def dies() -> Answer:
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        # A process that is killed gives nothing up.
        patch.setattr("license_service.actions.answer_once._give_up", lambda *_: None)
        with pytest.raises(KeyboardInterrupt):
            once(database, dies)
    return once(database, adding(database), claim_id="b" * 32, now=now)


def test_a_worker_that_died_leaves_nothing_and_its_claim_ends(any_database: Database) -> None:
    """F07: all or nothing."""
    later = once_within_another(any_database, now=NOW + LONGEST_WORK)

    assert later == (DONE, False)
    assert len(added(any_database)) == 1


def test_who_outlives_their_claim_keeps_nothing(any_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """F47: another has taken the request over meanwhile, and done it."""
    joined = any_database.joined

    def overtaken() -> AbstractContextManager[Connection]:
        monkeypatch.undo()
        other = once(any_database, adding(any_database), claim_id="b" * 32, now=NOW + LONGEST_WORK)
        assert not other.is_replay
        return joined()

    monkeypatch.setattr(any_database, "joined", overtaken)

    with pytest.raises(PostUnderWayError):
        once(any_database, adding(any_database, "late"))
    assert added(any_database) == ["c"]
    assert once(any_database, adding(any_database)) == (DONE, True)


def test_a_request_that_is_given_up_meanwhile_may_be_asked_again(
    any_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the insertion that finds the row there and the reading of it."""
    with monkeypatch.context() as patch:
        patch.setattr("license_service.storage.idempotency_keys.add", lambda *_: False)
        with pytest.raises(PostUnderWayError):
            once(any_database, adding(any_database))

    assert once(any_database, adding(any_database)) == (DONE, False)


def test_work_that_fails_is_undone_and_may_be_asked_again(any_database: Database) -> None:
    def fails() -> Answer:
        add_component(any_database, Component("half", "Half done"))
        raise DatabaseUnavailableError("Away.")

    with pytest.raises(DatabaseUnavailableError):
        once(any_database, fails)

    assert added(any_database) == []
    assert once(any_database, adding(any_database)) == (DONE, False)


def test_nothing_of_it_can_be_read_in_the_table(any_database: Database) -> None:
    """T57: neither key, request nor answer."""
    secret = replace(POST, request=(b"POST", b"/", b'{"password": "hunter2"}'))
    once(any_database, lambda: Answer(201, {}, b'{"access_key": "TP-SECRET"}'), post=secret)

    with any_database.reading() as connection:
        row = connection.execute(select(idempotency_keys)).one()
    kept = b"\n".join(part if isinstance(part, bytes) else str(part).encode() for part in row)
    assert not any(text in kept for text in (b"SECRET", b"access_key", b"hunter2", POST.key.encode(), b"console"))


def test_an_answer_is_kept_for_a_day_and_no_longer(any_database: Database) -> None:
    """F47: at least 24 hours; rows go with the next request that comes."""
    once(any_database, adding(any_database))

    assert once(any_database, adding(any_database), now=NOW + timedelta(hours=24)).is_replay
    later = once(any_database, adding(any_database, "other"), now=NOW + LONGEST_WORK + KEPT)
    assert not later.is_replay
    with any_database.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(idempotency_keys)) == 1
