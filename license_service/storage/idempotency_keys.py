"""The rows of `idempotency_keys`: requests that are under way, and the sealed answers of those that were done (F47)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import delete, select, update

from license_service.storage.insertion import insert_if_absent
from license_service.storage.tables import idempotency_keys

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection


class KeptPost(NamedTuple):
    """A row; it has no `answer` while the work goes on, which is until `claimed_until` at the latest."""

    id: str
    request_digest: str
    claim_id: str
    claimed_until: datetime
    ends_at: datetime
    answer: bytes | None = None


def forget_old(connection: Connection, now: datetime) -> None:
    connection.execute(delete(idempotency_keys).where(idempotency_keys.c.ends_at <= now))


def add(connection: Connection, post: KeptPost) -> bool:
    """Insert the row of a request that begins, or say that there is one."""
    return insert_if_absent(connection, idempotency_keys, post._asdict())


def of_post(connection: Connection, post_id: str) -> KeptPost | None:
    row = connection.execute(select(idempotency_keys).where(idempotency_keys.c.id == post_id)).mappings().one_or_none()
    return None if row is None else KeptPost(**row)


def take_over(connection: Connection, post: KeptPost, now: datetime) -> bool:
    """Claim a request that was begun and never done; one of several that try it does."""
    taken = connection.execute(
        update(idempotency_keys)
        .where(
            idempotency_keys.c.id == post.id,
            idempotency_keys.c.answer.is_(None),
            idempotency_keys.c.claimed_until <= now,
        )
        .values(claim_id=post.claim_id, claimed_until=post.claimed_until, ends_at=post.ends_at)
    )
    return taken.rowcount == 1


def keep_answer(connection: Connection, post_id: str, claim_id: str, answer: bytes) -> bool:
    """Keep the answer, or say that the claim was lost meanwhile."""
    kept = connection.execute(update(idempotency_keys).where(*_claimed(post_id, claim_id)).values(answer=answer))
    return kept.rowcount == 1


def give_up(connection: Connection, post_id: str, claim_id: str) -> None:
    """Forget a request of which nothing was done."""
    connection.execute(delete(idempotency_keys).where(*_claimed(post_id, claim_id)))


def _claimed(post_id: str, claim_id: str) -> tuple[ColumnElement[bool], ...]:
    columns = idempotency_keys.c
    return (columns.id == post_id, columns.claim_id == claim_id, columns.answer.is_(None))
