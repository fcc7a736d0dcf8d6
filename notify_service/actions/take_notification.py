"""Take the lease of a notification for one attempt to send it (F09, F12, F25, F38).

While sending is paused one at a time gets it: it finds out whether the mail server can be used again.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from notify_service.actions.settle_attempt import Attempt
from notify_service.domain.notification import lease_seconds
from notify_service.domain.pause import PROBE_SECONDS
from notify_service.storage import notifications, pauses

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from notify_service.actions.post_office import PostOffice


def take_notification(office: PostOffice, notification_id: str) -> Attempt | None:
    """Give the attempt; None when it is not there, another has it, or it is not to be sent now.

    Raises DatabaseUnavailableError.
    """
    with office.database.transaction() as connection:
        return _take(connection, office, notification_id)


def _take(connection: Connection, office: PostOffice, notification_id: str) -> Attempt | None:
    now = office.now()
    seen = notifications.find(connection, notification_id)
    if seen is None:
        return None
    paused = pauses.find(connection) is not None
    if paused and not pauses.claim_probe(connection, now=now, until=now + timedelta(seconds=PROBE_SECONDS)):
        return None
    lease = timedelta(seconds=lease_seconds(seen.lost_leases, office.shortest_lease))
    taken = notifications.take_lease(connection, notification_id, now=now, lease_until=now + lease)
    if taken is None and paused:
        pauses.probe_at(connection, now)
    return None if taken is None else Attempt(taken, is_probe=paused)
