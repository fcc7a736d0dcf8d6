"""Take up what waits: deferred and due, queued and left lying, leased by a worker that died (F08, F09, F12, F33).

The first queue's before the rest, then oldest first, one after the other, for a few seconds at most: the next run
follows soon. Runs may overlap; the lease keeps them apart. While sending is paused a run is over with the one email
that finds out whether it can go on.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from notify_service.actions.deliver_notification import deliver_notification
from notify_service.domain.errors import ServerUnusableError
from notify_service.domain.notification import LEFT_LYING_SECONDS
from notify_service.storage import notifications, pauses

if TYPE_CHECKING:
    from notify_service.actions.post_office import PostOffice

MOST_AT_ONCE: Final = 1000
LONGEST_RUN: Final = timedelta(seconds=4)


def redrive_notifications(office: PostOffice) -> int:
    """Drive what is due and give how many were tried. Raises DatabaseUnavailableError."""
    began = office.now()
    tried = 0
    for notification_id in _due(office):
        tried += 1
        fault = deliver_notification(office, notification_id)
        if isinstance(fault, ServerUnusableError) or office.now() - began >= LONGEST_RUN:
            break
    return tried


def _due(office: PostOffice) -> list[str]:
    now = office.now()
    with office.database.reading() as connection:
        pause = pauses.find(connection)
        if pause is not None and pause.next_probe_at > now:
            return []
        return notifications.list_due(
            connection, now=now, left_lying_since=now - timedelta(seconds=LEFT_LYING_SECONDS), limit=MOST_AT_ONCE
        )
