"""Messages that could not be used: kept once each, with the reason, for the person who runs the service."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from sqlalchemy import select

from notify_service.domain.notification import SetAsideMessage
from notify_service.storage.tables import set_aside_messages
from notify_service.storage.write_once import write_once

if TYPE_CHECKING:
    from sqlalchemy import Connection


def set_aside(connection: Connection, message: SetAsideMessage) -> bool:
    """Keep one message; False when its id is kept already, as when its sender repeats it."""
    return write_once(connection, set_aside_messages, asdict(message))


def list_newest(connection: Connection, *, limit: int) -> list[SetAsideMessage]:
    """Give the newest, newest first."""
    table = set_aside_messages
    query = select(table).order_by(table.c.received_at.desc(), table.c.id).limit(limit)
    return [SetAsideMessage(**row) for row in connection.execute(query).mappings()]
