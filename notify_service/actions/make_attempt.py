"""Make the attempt that a lease was taken for: render, send, settle (F11, F24, F25, F34, F36)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from notify_service.actions.keep_lease import keep_lease
from notify_service.actions.settle_attempt import settle_attempt
from notify_service.domain.email import Email
from notify_service.domain.errors import (
    AddressMarkedError,
    DeliveryError,
    EmailNotMadeError,
    OutdatedError,
    WorkersLostError,
)
from notify_service.domain.notification import MOST_LOSSES, lease_seconds
from notify_service.emails.rendering import render_email
from notify_service.storage import refused_addresses
from wire.errors import MessageRefusedError
from wire.notification_message import open_message

if TYPE_CHECKING:
    from collections.abc import Mapping

    from notify_service.actions.post_office import PostOffice
    from notify_service.actions.settle_attempt import Attempt
    from notify_service.domain.notification import Notification


def make_attempt(office: PostOffice, attempt: Attempt) -> DeliveryError | None:
    """Try to send it, and write down how that ended. Gives the fault; None when it was sent.

    Raises DatabaseUnavailableError; the lease then runs out.
    """
    fault = _send(office, attempt)
    settle_attempt(office, attempt, fault)
    return fault


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
