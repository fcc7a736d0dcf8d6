"""Take up what waits: deferred and due, queued and left lying, leased by a worker that died (F08, F09, F12, F33).

Oldest first, one after the other, for a few seconds at most: the next run follows soon. Runs may overlap; the lease
keeps them apart. A fault that every email would meet ends the run: a mail server that is down is asked once per run.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from notify_service.actions.deliver_notification import deliver_notification
from notify_service.domain.notification import LEFT_LYING_SECONDS
from notify_service.storage import notifications

if TYPE_CHECKING:
    from notify_service.actions.deliver_notification import PostOffice

MOST_AT_ONCE: Final = 100
LONGEST_RUN: Final = timedelta(seconds=4)


def redrive_notifications(office: PostOffice) -> int:
    """Drive what is due and give how many were tried. Raises DatabaseUnavailableError."""
    began = office.now()
    with office.database.reading() as connection:
        due = notifications.list_due(
            connection, now=began, left_lying_since=began - timedelta(seconds=LEFT_LYING_SECONDS), limit=MOST_AT_ONCE
        )
    tried = 0
    for notification_id in due:
        tried += 1
        fault = deliver_notification(office, notification_id)
        if (fault is not None and fault.whole_server) or office.now() - began >= LONGEST_RUN:
            break
    return tried
