"""Have one email sent again that was not sent, because an operator says so; never one that was (T54).

It is due at once and the next redrive takes it up: under its old Message-ID, with the patience of a new one. It counts
for the limits, and is stopped by none; an address that was refused is tried again.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from notify_service.domain.errors import NotificationNotFoundError, ResendRefusedError
from notify_service.storage import notifications, refused_addresses

if TYPE_CHECKING:
    from datetime import datetime

    from database.engine import Database
    from notify_service.domain.notification import Notification

_log = logging.getLogger(__name__)


def resend_notification(database: Database, notification_id: str, *, asked_by: str, now: datetime) -> Notification:
    """Give the notification as it stands then; `asked_by` is for the log.

    Raises NotificationNotFoundError, and ResendRefusedError when it was sent, is to be sent anyway, or its content is
    gone; DatabaseUnavailableError.
    """
    with database.transaction() as connection:
        resent = notifications.send_again(connection, notification_id, now=now)
        notification = notifications.find(connection, notification_id)
        if notification is not None and resent:
            refused_addresses.clear(connection, notification.recipient)
    if notification is None:
        raise NotificationNotFoundError
    if not resent:
        raise ResendRefusedError(notification.state)
    extra = {"notification_id": notification.id, "template": notification.template, "asked_by": asked_by}
    _log.info("notification to be sent again", extra=extra)
    return notification
