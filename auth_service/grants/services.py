"""What a grant needs to answer, chosen by the wiring."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from auth_service.actions.issuing import IssuingParts

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from auth_service.actions.request_device_authorization import CodeQuota
    from auth_service.domain.trusted_proxies import TrustedProxies
    from auth_service.storage.recent_clients import RecentClients
    from auth_service.tokens.token_issuer import TokenIssuer
    from wire.dpop import DpopVerifier, ReplayMemory


@dataclass(frozen=True)
class ProtocolServices(IssuingParts):
    """The parts behind the protocol endpoints."""

    clients: RecentClients
    assertions: ReplayMemory
    """Which client assertions were used."""
    issuer: TokenIssuer
    user_code_key: bytes
    proxies: TrustedProxies
    proofs: DpopVerifier
    dpop_required: bool
    quota: CodeQuota
    now: Callable[[], datetime]
