"""Send one notification of the ledger, if it is anybody's turn to (F09 … F12, F25, F34).

Lease, render, send, settle. The lease is taken and the outcome settled in a transaction each; between them no
transaction is open, so a slow mail server holds no lock. Whoever does not get the lease does nothing.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from notify_service.actions.keep_lease import keep_lease
from notify_service.domain.email import Email
from notify_service.domain.errors import DeliveryError, EmailNotMadeError
from notify_service.domain.notification import LEASE_SECONDS, lease_seconds
from notify_service.domain.retry import verdict_on
from notify_service.emails.rendering import render_email
from notify_service.storage import notifications
from wire.errors import MessageRefusedError
from wire.notification_message import open_message

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from database.engine import Database
    from notify_service.domain.notification import Notification
    from notify_service.outbound.mail_transport import MailTransport

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PostOffice:
    """What it takes to send the notifications of one ledger."""

    database: Database
    transport: MailTransport
    notification_key: str
    sender: str
    portal_url: str
    now: Callable[[], datetime]
    jitter: Callable[[], float]
    shortest_lease: float = LEASE_SECONDS


def deliver_notification(office: PostOffice, notification_id: str) -> DeliveryError | None:
    """Try once to send it. Gives the fault that ended the attempt; None when it was sent, or is not to be sent now.

    Raises DatabaseUnavailableError; the lease then runs out, and a redrive takes the notification up again.
    """
    notification = _take(office, notification_id)
    if notification is None:
        return None
    try:
        seconds = lease_seconds(notification.attempts, office.shortest_lease)
        with keep_lease(office.database, notification, seconds=seconds, now=office.now):
            office.transport.send(_email(office, notification))
    except DeliveryError as fault:
        _settle_fault(office, notification, fault)
        return fault
    with office.database.transaction() as connection:
        notifications.settle_sent(connection, notification.id, now=office.now())
    _log.info("notification sent", extra=_named(notification))
    return None


def _take(office: PostOffice, notification_id: str) -> Notification | None:
    now = office.now()
    with office.database.transaction() as connection:
        seen = notifications.find(connection, notification_id)
        if seen is None:
            return None
        lease = timedelta(seconds=lease_seconds(seen.attempts + 1, office.shortest_lease))
        return notifications.take_lease(connection, notification_id, now=now, lease_until=now + lease)


def _email(office: PostOffice, notification: Notification) -> Email:
    try:
        message = open_message(notification.sealed or "", office.notification_key)
    except MessageRefusedError as fault:
        raise EmailNotMadeError(str(fault)) from fault
    return Email(
        sender=office.sender,
        recipient=notification.recipient,
        message_id=notification.message_id,
        written_at=notification.created_at,
        content=render_email(notification.template, message.context, message.locale),
    )


def _settle_fault(office: PostOffice, notification: Notification, fault: DeliveryError) -> None:
    verdict = verdict_on(
        fault,
        attempts=notification.attempts,
        created_at=notification.created_at,
        now=office.now(),
        jitter=office.jitter(),
    )
    _log.warning("notification not sent", extra={**_named(notification), "fault": fault.code, "state": verdict.state})
    with office.database.transaction() as connection:
        if verdict.next_attempt_at is None:
            notifications.settle_failed(
                connection, notification.id, attempts=notification.attempts, smtp_answer=str(fault)
            )
        else:
            notifications.settle_deferred(
                connection,
                notification.id,
                attempts=notification.attempts,
                next_attempt_at=verdict.next_attempt_at,
                smtp_answer=str(fault),
            )


def _named(notification: Notification) -> dict[str, object]:
    return {
        "notification_id": notification.id,
        "template": notification.template,
        "attempts": notification.attempts,
    }
