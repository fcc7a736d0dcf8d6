"""Answer a repeated POST with what it was answered the first time (F47).

The key is claimed first, so that of two at once one works. What the work changes and its answer are kept in one
transaction: a process that dies between them leaves neither, and a claim that ends by itself. Who outlives their claim
keeps nothing: the answer's row is another's by then.
"""

from __future__ import annotations

from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, NamedTuple

from database.errors import DatabaseUnavailableError
from database.retried import retried
from license_service.domain.errors import IdempotencyKeyReusedError, PostUnderWayError
from license_service.domain.idempotent_post import KEPT, LONGEST_WORK
from license_service.storage import idempotency_keys
from license_service.storage.idempotency_keys import KeptPost

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from database.engine import Database
    from license_service.domain.idempotent_post import Answer, IdempotentPost


class OnceAnswered(NamedTuple):
    """An answer, and whether it was given before."""

    answer: Answer
    is_replay: bool


def answer_once(
    database: Database, post: IdempotentPost, work: Callable[[], Answer], *, claim_id: str, nonce: bytes, now: datetime
) -> OnceAnswered:
    """Give the answer that is kept for the request, or do the work and keep its answer.

    `claim_id` and `nonce` (12 bytes) are random. Raises IdempotencyKeyReusedError, PostUnderWayError, and what `work`
    raises; then nothing was done, but for work that is not joined.
    """
    kept = _kept_or_claimed(database, post, claim_id, now)
    if kept is not None:
        return OnceAnswered(post.open(kept), is_replay=True)
    with ExitStack() as undo:
        undo.callback(_give_up, database, post.id, claim_id)
        do = _done_joined if post.is_joined else _done
        answer = do(database, post, work, claim_id, nonce)
        undo.pop_all()
        return OnceAnswered(answer, is_replay=False)


def _done(database: Database, post: IdempotentPost, work: Callable[[], Answer], claim_id: str, nonce: bytes) -> Answer:
    answer = work()
    _keep(database, post.id, claim_id, post.seal(answer, nonce))
    return answer


@retried
def _done_joined(
    database: Database, post: IdempotentPost, work: Callable[[], Answer], claim_id: str, nonce: bytes
) -> Answer:
    with database.joined():
        return _done(database, post, work, claim_id, nonce)


@retried
def _keep(database: Database, post_id: str, claim_id: str, sealed: bytes) -> None:
    with database.transaction() as connection:
        if not idempotency_keys.keep_answer(connection, post_id, claim_id, sealed):
            raise PostUnderWayError


@retried
def _kept_or_claimed(database: Database, post: IdempotentPost, claim_id: str, now: datetime) -> bytes | None:
    until = now + LONGEST_WORK
    with database.transaction() as connection:
        idempotency_keys.forget_old(connection, now)
        row = KeptPost(post.id, post.request_digest, claim_id, until, until + KEPT)
        if idempotency_keys.add(connection, row):
            return None
        kept = idempotency_keys.of_post(connection, post.id)
        if kept is None:
            # It was there a moment ago, and given up since.
            raise PostUnderWayError
        if kept.request_digest != post.request_digest:
            raise IdempotencyKeyReusedError
        if kept.answer is None and not idempotency_keys.take_over(connection, row, now):
            raise PostUnderWayError
        return kept.answer


def _give_up(database: Database, post_id: str, claim_id: str) -> None:
    # A database that is away keeps the claim, which then ends by itself.
    with suppress(DatabaseUnavailableError), database.transaction() as connection:
        idempotency_keys.give_up(connection, post_id, claim_id)
