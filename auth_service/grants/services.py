"""What a grant needs to answer, chosen by the wiring."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from auth_service.actions.issuing import IssuingParts

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from auth_service.domain.trusted_proxies import TrustedProxies
    from auth_service.tokens.token_issuer import TokenIssuer


@dataclass(frozen=True)
class ProtocolServices(IssuingParts):
    """The parts behind the protocol endpoints."""

    issuer: TokenIssuer
    user_code_key: bytes
    proxies: TrustedProxies
    now: Callable[[], datetime]
