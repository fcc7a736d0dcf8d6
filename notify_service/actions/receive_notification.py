"""Write a queue message down in the ledger, once, or set it aside with the reason (T54, T56, F24, F25, F48).

Nothing in the message is believed before it opens with our key; what it says inside must agree with what it is called
outside, so a sealed message cannot be sent again under another id. Its links must lead to the portal: a sender whose
own URL is set wrong, or taken from a request, reaches nobody (T40).
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from notify_service.actions.write_down_notification import NewNotification, write_down_notification
from notify_service.domain.limit import LIMITS
from notify_service.domain.notification import SetAsideMessage
from notify_service.domain.portal_link import leads_to_portal
from notify_service.storage import set_aside_messages
from wire.errors import MessageRefusedError
from wire.notification_contexts import links_in
from wire.notification_message import MESSAGE_VERSION, open_message

if TYPE_CHECKING:
    from datetime import datetime

    from database.engine import Database
    from notify_service.domain.limit import Limits
    from wire.notification_message import NotificationMessage

LARGEST_SEALED: Final = 64 * 1024
LONGEST_NAME: Final = 64
LONGEST_REASON: Final = 255

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ReceivedMessage:
    """A queue message as it came: any JSON in any place."""

    version: object
    notification_id: object
    sealed: object
    received_at: datetime


def receive_notification(
    database: Database,
    message: ReceivedMessage,
    *,
    notification_key: str,
    sender: str,
    portal_url: str,
    limits: Limits = LIMITS,
) -> str | None:
    """Give the id of a message that is in the ledger now, whether it was before or not; None when it was set aside.

    What goes over a limit is written down too, and waits or is held (domain/limit.py).

    Raises DatabaseUnavailableError: then nothing is written, and the message must come again.
    """
    try:
        opened, sealed = _opened(message, notification_key)
        _check_links(opened, portal_url)
    except MessageRefusedError as fault:
        _set_aside(database, message, str(fault))
        return None
    new = NewNotification(opened, sealed, message.received_at)
    with database.transaction() as connection:
        write_down_notification(connection, new, sender=sender, limits=limits)
    return str(opened.id)


def _opened(message: ReceivedMessage, notification_key: str) -> tuple[NotificationMessage, str]:
    # `True == 1`, yet it is no version.
    if message.version != MESSAGE_VERSION or isinstance(message.version, bool):
        raise MessageRefusedError("The message's version is unknown here.")
    if not isinstance(message.sealed, str) or len(message.sealed) > LARGEST_SEALED:
        raise MessageRefusedError("The message is not a sealed text.")
    opened = open_message(message.sealed, notification_key)
    if message.notification_id != str(opened.id):
        raise MessageRefusedError("The message says another id inside than outside.")
    return opened, message.sealed


def _check_links(opened: NotificationMessage, portal_url: str) -> None:
    for name, link in links_in(opened.template, opened.context).items():
        if not leads_to_portal(link, portal_url):
            raise MessageRefusedError(f"The {name} of {opened.template} leads elsewhere than to the portal.")


def _set_aside(database: Database, message: ReceivedMessage, reason: str) -> None:
    aside = SetAsideMessage(
        id=_called(message.notification_id), reason=reason[:LONGEST_REASON], received_at=message.received_at
    )
    with database.transaction() as connection:
        new = set_aside_messages.set_aside(connection, aside)
    if new:
        _log.error("message set aside", extra={"notification_id": aside.id, "reason": reason})


def _called(notification_id: object) -> str:
    letters = (letter for letter in str(notification_id) if letter.isprintable())
    return "".join(letters)[:LONGEST_NAME] or "nameless"
