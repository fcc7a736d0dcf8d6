"""Erase what emails say that were given up a while ago and that no operator had sent again (C14)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from notify_service.domain.notification import CONTENT_KEPT
from notify_service.storage import notifications

if TYPE_CHECKING:
    from datetime import datetime

    from database.engine import Database


def erase_contents(database: Database, now: datetime) -> int:
    """Give how many were erased. Raises DatabaseUnavailableError."""
    with database.transaction() as connection:
        return notifications.erase_contents(connection, asked_until=now - CONTENT_KEPT)
