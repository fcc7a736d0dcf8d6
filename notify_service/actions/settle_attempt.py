"""Write down how an attempt ended: the notification, its recipient's address, and the pause (F33, F36, F38).

One transaction. Whatever gets past the mail server's door, sent or refused, ends a pause that it was the probe of.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from notify_service.domain.errors import AddressMarkedError, RecipientRefusedError, ServerUnusableError
from notify_service.domain.notification import State
from notify_service.domain.pause import Pause, is_to_be_told, probe_wait
from notify_service.domain.retry import verdict_on
from notify_service.storage import notifications, pauses, refused_addresses

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from notify_service.actions.post_office import PostOffice
    from notify_service.domain.errors import DeliveryError
    from notify_service.domain.notification import Notification

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Attempt:
    """A notification whose lease we hold; `is_probe` when it is to find out whether a pause is over."""

    notification: Notification
    is_probe: bool


def settle_attempt(office: PostOffice, attempt: Attempt, fault: DeliveryError | None) -> None:
    """Settle an attempt; `fault` is what ended it, None when the email was sent.

    Raises DatabaseUnavailableError.
    """
    now = office.now()
    with office.database.transaction() as connection:
        if fault is None:
            notifications.settle_sent(connection, attempt.notification.id, now=now)
        else:
            _settle_fault(connection, office, attempt.notification, fault)
        _settle_pause(connection, attempt, fault, now)
    if fault is None:
        _log.info("notification sent", extra=_named(attempt.notification))


def _settle_fault(connection: Connection, office: PostOffice, notification: Notification, fault: DeliveryError) -> None:
    now, attempts = office.now(), notification.attempts
    verdict = verdict_on(fault, attempts=attempts, asked_at=notification.asked_at, now=now, jitter=office.jitter())
    if verdict.next_attempt_at is None:
        notifications.settle_ended(connection, notification, fault, verdict.state)
    else:
        left = attempts - 1 if isinstance(fault, ServerUnusableError) else attempts
        notifications.settle_deferred(
            connection, notification, fault, next_attempt_at=verdict.next_attempt_at, attempts=left
        )
    if isinstance(fault, RecipientRefusedError) and not isinstance(fault, AddressMarkedError):
        refused_addresses.mark(connection, notification.recipient, now=now, answer=str(fault))
        refused_addresses.forget(connection, before=now - office.refused_addresses_kept)
    _log_fault(notification, fault, verdict.state)


def _log_fault(notification: Notification, fault: DeliveryError, state: State) -> None:
    # What somebody has to set right is said loudly once; a server that is misused, by its pause.
    first = notification.attempts == 1 or state is State.FAILED
    loud = fault.ours and first and not isinstance(fault, ServerUnusableError)
    _log.log(
        logging.ERROR if loud else logging.WARNING,
        "notification not sent",
        extra={**_named(notification), "fault": fault.code, "state": state},
    )


def _named(notification: Notification) -> dict[str, object]:
    return {
        "notification_id": notification.id,
        "template": notification.template,
        "attempts": notification.attempts,
    }


def _settle_pause(connection: Connection, attempt: Attempt, fault: DeliveryError | None, now: datetime) -> None:
    if isinstance(fault, ServerUnusableError):
        _pause(connection, fault, now, is_probe=attempt.is_probe)
    elif attempt.is_probe and fault is not None and not fault.server_met:
        # Nothing was found out: the next email may try.
        pauses.probe_at(connection, now)
    elif attempt.is_probe and pauses.end(connection):
        _log.warning("sending goes on")


def _pause(connection: Connection, fault: ServerUnusableError, now: datetime, *, is_probe: bool) -> None:
    new = Pause(now, fault.code, str(fault), probes=0, next_probe_at=now + probe_wait(fault, 0))
    going_on = pauses.find(connection)
    if going_on is not None and is_probe:
        wait = probe_wait(fault, going_on.probes)
        pauses.go_on(connection, fault=fault.code, answer=str(fault), next_probe_at=now + wait)
    elif not pauses.begin(connection, new):
        # This email was on its way when the pause began.
        return
    since = going_on.since if going_on else now
    if is_to_be_told(fault, since=since, now=now) and pauses.note_told(connection, now=now):
        _log.error("sending is paused", extra={"fault": fault.code, "reason": str(fault), "since": str(since)})
    elif going_on is None:
        _log.warning("sending pauses", extra={"fault": fault.code, "reason": str(fault)})
