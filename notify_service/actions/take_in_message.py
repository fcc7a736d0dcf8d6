"""Take one message from the queue in: write it down, and send it.

Row and lease are one transaction, since in SQLite a commit costs as much as the rest of it: what is written down has a
worker from the beginning.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from notify_service.actions.make_attempt import make_attempt
from notify_service.actions.receive_notification import receive_notification
from notify_service.actions.take_notification import take_notification

if TYPE_CHECKING:
    from notify_service.actions.post_office import PostOffice
    from notify_service.actions.receive_notification import ReceivedMessage


def take_in_message(office: PostOffice, message: ReceivedMessage) -> None:
    """Do it once, however often the message comes. Raises DatabaseUnavailableError: then it must come again."""
    with office.database.joined():
        received = receive_notification(
            office.database,
            message,
            notification_key=office.notification_key,
            sender=office.sender,
            portal_url=office.portal_url,
            limits=office.limits,
        )
        attempt = None if received is None else take_notification(office, received)
    if attempt is not None:
        make_attempt(office, attempt)
