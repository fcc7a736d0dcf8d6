"""What a grant needs to answer, chosen by the wiring."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from auth_service.domain.trusted_proxies import TrustedProxies
    from auth_service.outbound.license_api import LicenseApi
    from auth_service.storage.poll_pace import PollPace
    from auth_service.tokens.token_issuer import TokenIssuer
    from database.engine import Database


@dataclass(frozen=True)
class ProtocolServices:
    """The parts behind the protocol endpoints."""

    database: Database
    pace: PollPace
    licenses: LicenseApi
    issuer: TokenIssuer
    user_code_key: bytes
    proxies: TrustedProxies
    now: Callable[[], datetime]
