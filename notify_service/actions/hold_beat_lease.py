"""Be the beat that calls: of several, the one that holds the lease (F12)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from notify_service.storage import beat_leases

if TYPE_CHECKING:
    from datetime import datetime

    from database.engine import Database

BEAT_LEASE_SECONDS: Final = 15
"""Another beat takes over after this long at most."""


def hold_beat_lease(database: Database, holder: str, *, now: datetime) -> datetime | None:
    """Take the lease or renew it, and give until when it is ours; None while another beat has it.

    Raises DatabaseUnavailableError.
    """
    until = now + timedelta(seconds=BEAT_LEASE_SECONDS)
    with database.transaction() as connection:
        return until if beat_leases.hold(connection, holder, now=now, until=until) else None
