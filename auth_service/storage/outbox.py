"""The outbox: emails to be, written in the transaction of the change they tell about.

A row is delivered when notify_service has it, not when Redis took it; then its sealed message is erased.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID

from sqlalchemy import bindparam, delete, insert, select, update

from auth_service.storage.tables import outbox
from wire.notification_contexts import QUEUE_NAMES, QUEUE_OF_TEMPLATE

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from wire.notification_message import NotificationMessage

FIRST_WAIT_SECONDS: Final = 2
LONGEST_WAIT_SECONDS: Final = 300
_FEW: Final = 100

_due: Final = (
    select(outbox.c.id, outbox.c.queue, outbox.c.sealed, outbox.c.attempts)
    .where(outbox.c.queue == bindparam("of"), outbox.c.next_attempt_at <= bindparam("now"))
    .order_by(outbox.c.next_attempt_at, outbox.c.created_at)
    .limit(bindparam("most"))
)


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """A sealed message on its way; `attempts` counts how often it was put on its queue."""

    id: UUID
    queue: str
    sealed: str
    attempts: int


def add_outgoing(connection: Connection, message: NotificationMessage, sealed: str, now: datetime) -> None:
    """Write down the message that `sealed` holds; its template decides how urgent it is."""
    connection.execute(
        insert(outbox).values(
            id=str(message.id),
            queue=QUEUE_OF_TEMPLATE[message.template],
            sealed=sealed,
            created_at=now,
            attempts=0,
            next_attempt_at=now,
        )
    )


def due_outgoing(connection: Connection, now: datetime) -> list[OutgoingMessage]:
    """List what is to be delivered now, at most a hundred: the first queue's before the next, each oldest first."""
    due: list[OutgoingMessage] = []
    for queue in QUEUE_NAMES:
        rows = connection.execute(_due, {"of": queue, "now": now, "most": _FEW - len(due)})
        due += [OutgoingMessage(UUID(row.id), row.queue, row.sealed, row.attempts) for row in rows]
    return due


def mark_accepted(connection: Connection, ids: Collection[UUID], now: datetime) -> None:
    """notify_service has these: erase what was sealed, and never look at them again."""
    connection.execute(
        update(outbox)
        .where(outbox.c.id.in_([str(one) for one in ids]))
        .values(accepted_at=now, next_attempt_at=None, sealed=None)
    )


def mark_published(connection: Connection, messages: Sequence[OutgoingMessage], now: datetime) -> None:
    """Redis took these: look again after a wait that doubles, since Redis may lose them."""
    for message in messages:
        wait = min(FIRST_WAIT_SECONDS * 2**message.attempts, LONGEST_WAIT_SECONDS)
        connection.execute(
            update(outbox)
            .where(outbox.c.id == str(message.id), outbox.c.accepted_at.is_(None))
            .values(attempts=message.attempts + 1, next_attempt_at=now + timedelta(seconds=wait))
        )


def sweep_outbox(connection: Connection, before: datetime) -> None:
    """Delete what was accepted before then."""
    connection.execute(delete(outbox).where(outbox.c.accepted_at < before))
