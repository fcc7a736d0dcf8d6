"""Which of several beats calls: the one that holds the lease, until it has not renewed it for a while (F12)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import or_, update

from notify_service.storage.tables import beat_leases
from notify_service.storage.write_once import write_once

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

_BEAT: Final = "beat"

_row = beat_leases.c


def hold(connection: Connection, holder: str, *, now: datetime, until: datetime) -> bool:
    """Take the lease or renew it; False when another holds it."""
    held = connection.execute(
        update(beat_leases)
        .where(_row.id == _BEAT, or_(_row.holder == holder, _row.lease_until <= now))
        .values(holder=holder, lease_until=until)
    )
    return held.rowcount == 1 or write_once(
        connection, beat_leases, {"id": _BEAT, "holder": holder, "lease_until": until}
    )


def give_up(connection: Connection, holder: str, *, now: datetime) -> None:
    """Let another have it at once."""
    connection.execute(update(beat_leases).where(_row.id == _BEAT, _row.holder == holder).values(lease_until=now))
