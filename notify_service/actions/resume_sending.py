"""Have the mail server tried at once: an operator has set right what made sending pause (F38)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from notify_service.storage import pauses

if TYPE_CHECKING:
    from datetime import datetime

    from database.engine import Database


def resume_sending(database: Database, *, now: datetime) -> bool:
    """Let the next email be a probe; False when nothing is paused. Raises DatabaseUnavailableError.

    The pause is not ended by hand: if the fault is still there, every email would meet it.
    """
    with database.transaction() as connection:
        return pauses.probe_at(connection, now)
