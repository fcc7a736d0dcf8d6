"""What the calendar works with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from notify_service.domain.limit import LIMITS

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from database.engine import Database
    from notify_service.domain.limit import Limits
    from notify_service.outbound.calendar_reads import LicenseReads, OrganizationReads


@dataclass(frozen=True, slots=True)
class CalendarParts:
    """What is read, and where emails are written down. `portal_url` is the page that they lead to."""

    database: Database
    licenses: LicenseReads
    organizations: OrganizationReads
    notification_key: str = field(repr=False)
    sender: str
    portal_url: str
    now: Callable[[], datetime]
    limits: Limits = LIMITS
