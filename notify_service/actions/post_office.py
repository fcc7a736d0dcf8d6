"""What the actions of sending are given: the ledger, the way to the mail server, and their rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from notify_service.domain.limit import LIMITS
from notify_service.domain.notification import LEASE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from database.engine import Database
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
