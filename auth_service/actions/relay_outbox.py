"""Bring the outbox's messages to notify_service: publish until it has them, then erase them (F08, F17, F18, F33).

What a person is waiting for goes first, however much else there is (F39).
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from auth_service.storage.outbox import due_outgoing, mark_accepted, mark_published
from wire.errors import WireError

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from auth_service.outbound.notify_api import NotifyApi
    from auth_service.storage.outbox import OutgoingMessage
    from database.engine import Database
    from wire.notification_queue import NotificationQueue

TELLING_ATTEMPT: Final = 12
"""After two thirds of an hour: it is hardly the network any more."""

_log = logging.getLogger(__name__)


def relay_outbox(database: Database, queue: NotificationQueue, notify: NotifyApi, *, now: datetime) -> int:
    """Do one round and give how many messages were due.

    What was published before is first asked after: Redis may have lost it, or notify_service may have it already.

    Raises DatabaseUnavailableError.
    """
    with database.reading() as connection:
        due = due_outgoing(connection, now)
    accepted = _accepted(notify, [message for message in due if message.attempts])
    published = _publish(queue, [message for message in due if message.id not in accepted])
    if accepted or published:
        with database.transaction() as connection:
            mark_accepted(connection, accepted, now)
            mark_published(connection, published, now)
    return len(due)


def _accepted(notify: NotifyApi, messages: list[OutgoingMessage]) -> set[UUID]:
    if not messages:
        return set()
    try:
        return notify.known([message.id for message in messages])
    except WireError as fault:
        # Publishing again is harmless: the ledger knows each notification by its id.
        _log.warning("notify_service does not say what it has", extra={"reason": str(fault)})
        return set()


def _publish(queue: NotificationQueue, messages: list[OutgoingMessage]) -> list[OutgoingMessage]:
    published = []
    for message in messages:
        if message.attempts == TELLING_ATTEMPT:
            _log.error("notify_service does not take a message", extra={"notification_id": str(message.id)})
        try:
            queue.publish(message.id, message.sealed, message.queue)
        except WireError as fault:
            _log.warning("the queue is away; messages wait in the outbox", extra={"reason": str(fault)})
            break
        published.append(message)
    return published
