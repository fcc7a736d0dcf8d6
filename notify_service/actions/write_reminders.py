"""Write emails of the calendar down in the ledger, each occasion once, sealed as a message from the queue is.

All emails about one occasion are written in one transaction: it is told to all of its recipients, or still to be told.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from notify_service.domain.notification import Notification, State, message_id_of
from notify_service.storage import calendar_rows
from wire.errors import MessageRefusedError
from wire.notification_contexts import QUEUE_OF_TEMPLATE
from wire.notification_message import NotificationMessage, seal_message

if TYPE_CHECKING:
    from collections.abc import Iterable

    from notify_service.actions.calendar_parts import CalendarParts
    from notify_service.domain.calendar import Reminder

_log = logging.getLogger(__name__)


def write_reminders(parts: CalendarParts, reminder: Reminder, recipients: Iterable[str], *, locale: str) -> int:
    """Write the emails about one occasion, and give how many are new. Raises DatabaseUnavailableError."""
    rows = [row for address in recipients if (row := _row(parts, reminder, address, locale)) is not None]
    with parts.database.transaction() as connection:
        return sum(calendar_rows.write(connection, row) for row in rows)


def _row(parts: CalendarParts, reminder: Reminder, address: str, locale: str) -> Notification | None:
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
    now = parts.now()
    return Notification(
        id=str(message.id),
        template=message.template,
        queue=QUEUE_OF_TEMPLATE[message.template],
        organization_id=message.organization_id,
        recipient=message.recipient,
        sealed=sealed,
        state=State.QUEUED,
        leases=0,
        lost_leases=0,
        attempts=0,
        message_id=message_id_of(message.id, parts.sender),
        lease_until=None,
        next_attempt_at=None,
        fault=None,
        smtp_answer=None,
        created_at=now,
        sent_at=None,
        about=occasion.about,
        # Its windows are its limit; what others want sent to the same address counts it too.
        counted_at=now,
    )
