"""Write emails of the calendar down in the ledger, each occasion once, sealed as a message from the queue is.

All emails about one occasion are written in one transaction: it is told to all of its recipients, or still to be told.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from notify_service.actions.write_down_notification import NewNotification, write_down_notification
from wire.errors import MessageRefusedError
from wire.notification_message import NotificationMessage, seal_message

if TYPE_CHECKING:
    from collections.abc import Iterable

    from notify_service.actions.calendar_parts import CalendarParts
    from notify_service.domain.calendar import Reminder

_log = logging.getLogger(__name__)


def write_reminders(parts: CalendarParts, reminder: Reminder, recipients: Iterable[str], *, locale: str) -> int:
    """Write the emails about one occasion, and give how many are new. Raises DatabaseUnavailableError."""
    new = [made for address in recipients if (made := _sealed(parts, reminder, address, locale)) is not None]
    with parts.database.transaction() as connection:
        return sum(write_down_notification(connection, each, sender=parts.sender, limits=parts.limits) for each in new)


def _sealed(parts: CalendarParts, reminder: Reminder, address: str, locale: str) -> NewNotification | None:
    occasion = reminder.occasion
    message = NotificationMessage(
        id=occasion.notification_id(address),
        template=occasion.template,
        recipient=address,
        context={**reminder.context, "portal_url": parts.portal_url},
        locale=locale,
        organization_id=occasion.organization_id,
    )
    try:
        sealed = seal_message(message, parts.notification_key)
    except MessageRefusedError as fault:
        # One who cannot be written to must not keep it from the others.
        _log.warning("a recipient cannot be told", extra={"template": occasion.template, "reason": str(fault)})
        return None
    return NewNotification(message, sealed, parts.now(), about=occasion.about)
