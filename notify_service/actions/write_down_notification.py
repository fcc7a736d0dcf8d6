"""Write an email down in the ledger, once and within the limits (T54), wherever it comes from: queue or calendar."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from notify_service.domain.limit import LIMITS, OVER_LIMIT, admit
from notify_service.domain.notification import Notification, State, message_id_of
from notify_service.storage import calendar_rows, notifications
from notify_service.storage.limits import crossed
from wire.notification_contexts import QUEUE_OF_TEMPLATE

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from notify_service.domain.limit import Limits
    from wire.notification_message import NotificationMessage

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class NewNotification:
    """A checked message, the same sealed, and the occasion that it is about when the calendar wrote it."""

    message: NotificationMessage
    sealed: str
    written_at: datetime
    about: str | None = None


def write_down_notification(
    connection: Connection, new: NewNotification, *, sender: str, limits: Limits = LIMITS
) -> bool:
    """Write it down, anew where the calendar cancelled it; False when it is in the ledger already.

    What goes over a limit is written down too, and waits or is held (domain/limit.py).
    """
    row = _row(new, sender)
    admission = admit(row.template, crossed(connection, row, limits, now=new.written_at), new.written_at)
    admitted = replace(
        row,
        state=admission.state,
        next_attempt_at=admission.next_attempt_at,
        fault=None if admission.reason is None else OVER_LIMIT,
        smtp_answer=admission.reason,
        counted_at=admission.counted_at,
    )
    if not notifications.write_down(connection, admitted) and not calendar_rows.revive(connection, admitted):
        return False
    if admission.reason is not None:
        extra = {"notification_id": row.id, "template": row.template, "reason": admission.reason}
        _log.warning("notification over a limit", extra=extra)
    return True


def _row(new: NewNotification, sender: str) -> Notification:
    message = new.message
    return Notification(
        id=str(message.id),
        template=message.template,
        queue=QUEUE_OF_TEMPLATE[message.template],
        organization_id=message.organization_id,
        recipient=message.recipient,
        sealed=new.sealed,
        state=State.QUEUED,
        leases=0,
        lost_leases=0,
        attempts=0,
        message_id=message_id_of(message.id, sender),
        lease_until=None,
        next_attempt_at=None,
        fault=None,
        smtp_answer=None,
        created_at=new.written_at,
        sent_at=None,
        about=new.about,
    )
