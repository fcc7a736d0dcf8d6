"""Send one notification of the ledger, if it is anybody's turn to (F09 … F12, F25, F34, F38).

Lease, render, send, settle. The lease is taken and the outcome settled in a transaction each; between them no
transaction is open, so a slow mail server holds no lock. Whoever does not get the lease does nothing. While sending is
paused, one at a time gets it: it finds out whether the mail server can be used again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from notify_service.actions.keep_lease import keep_lease
from notify_service.actions.settle_attempt import Attempt, settle_attempt
from notify_service.domain.email import Email
from notify_service.domain.errors import (
    AddressMarkedError,
    DeliveryError,
    EmailNotMadeError,
    OutdatedError,
    WorkersLostError,
)
from notify_service.domain.limit import LIMITS
from notify_service.domain.notification import LEASE_SECONDS, MOST_LOSSES, lease_seconds
from notify_service.domain.pause import PROBE_SECONDS
from notify_service.emails.rendering import render_email
from notify_service.storage import notifications, pauses, refused_addresses
from wire.errors import MessageRefusedError
from wire.notification_message import open_message

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy import Connection

    from database.engine import Database
    from notify_service.domain.limit import Limits
    from notify_service.domain.notification import Notification
    from notify_service.outbound.mail_transport import MailTransport


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
    refused_addresses_kept: timedelta = timedelta(days=7)
    limits: Limits = LIMITS


def deliver_notification(office: PostOffice, notification_id: str) -> DeliveryError | None:
    """Try once to send it. Gives the fault that ended the attempt; None when it was sent, or is not to be sent now.

    Raises DatabaseUnavailableError; the lease then runs out, and a redrive takes the notification up again.
    """
    with office.database.transaction() as connection:
        attempt = _take(connection, office, notification_id)
    if attempt is None:
        return None
    fault = _send(office, attempt)
    settle_attempt(office, attempt, fault)
    return fault


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


def _send(office: PostOffice, attempt: Attempt) -> DeliveryError | None:
    notification = attempt.notification
    seconds = lease_seconds(notification.lost_leases, office.shortest_lease)
    try:
        with keep_lease(office.database, notification, seconds=seconds, now=office.now):
            _check_losses(notification)
            _check_address(office, notification.recipient)
            email = _email(office, notification)
            if attempt.is_probe:
                # What a connection of before the fault can do proves nothing.
                office.transport.close()
            office.transport.send(email)
    except DeliveryError as fault:
        return fault
    return None


def _check_losses(notification: Notification) -> None:
    if notification.lost_leases >= MOST_LOSSES:
        raise WorkersLostError(f"{notification.lost_leases} workers died while they had it.")


def _check_address(office: PostOffice, recipient: str) -> None:
    with office.database.reading() as connection:
        marked = refused_addresses.find(connection, recipient, since=office.now() - office.refused_addresses_kept)
    if marked is not None:
        raise AddressMarkedError(f"Not tried, since on {marked.since:%Y-%m-%d} the answer was: {marked.answer}")


def _email(office: PostOffice, notification: Notification) -> Email:
    try:
        message = open_message(notification.sealed or "", office.notification_key)
    except MessageRefusedError as fault:
        raise EmailNotMadeError(str(fault)) from fault
    _check_that_it_is_news(message.context, office.now())
    return Email(
        sender=office.sender,
        recipient=notification.recipient,
        message_id=notification.message_id,
        written_at=notification.created_at,
        content=render_email(notification.template, message.context, message.locale),
    )


def _check_that_it_is_news(context: Mapping[str, Any], now: datetime) -> None:
    # A link or a code that has expired leads nowhere, and who waits for one has asked for another.
    expires_at = context.get("expires_at")
    if isinstance(expires_at, datetime) and expires_at <= now:
        raise OutdatedError("What it offers has expired.")
