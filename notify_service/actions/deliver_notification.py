"""Send one notification of the ledger, if it is anybody's turn to (F09 … F12, F25, F34, F38).

The lease is taken and the outcome settled in a transaction each; between them no transaction is open, so a slow mail
server holds no lock. Whoever does not get the lease does nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from notify_service.actions.make_attempt import make_attempt
from notify_service.actions.take_notification import take_notification
from notify_service.domain.limit import LIMITS
from notify_service.domain.notification import LEASE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from database.engine import Database
    from notify_service.domain.errors import DeliveryError
    from notify_service.domain.limit import Limits
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
    attempt = take_notification(office, notification_id)
    return None if attempt is None else make_attempt(office, attempt)
