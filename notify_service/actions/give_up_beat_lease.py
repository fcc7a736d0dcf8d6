"""Be the beat that calls no more: another may begin at once (F12)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from notify_service.storage import beat_leases

if TYPE_CHECKING:
    from datetime import datetime

    from database.engine import Database


def give_up_beat_lease(database: Database, holder: str, *, now: datetime) -> None:
    """Let the lease run out now, if it is ours. Raises DatabaseUnavailableError."""
    with database.transaction() as connection:
        beat_leases.give_up(connection, holder, now=now)
