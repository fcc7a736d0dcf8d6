"""The parts behind the portal's pages, chosen by the wiring."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from auth_service.actions.registering import RegisteringParts
    from auth_service.actions.review_user_code import UserCodes
    from auth_service.domain.trusted_proxies import TrustedProxies
    from auth_service.outbound.license_api import LicenseApi
    from auth_service.outbound.owners_mail import OwnersMail
    from auth_service.storage.limiter import Limiter
    from auth_service.storage.poll_pace import PollPace
    from database.engine import Database


@dataclass(frozen=True)
class PortalDesk:
    """What a page may call."""

    database: Database
    pace: PollPace
    licenses: LicenseApi
    mail: OwnersMail
    codes: UserCodes
    registering: RegisteringParts
    limiter: Limiter
    proxies: TrustedProxies
    now: Callable[[], datetime]
