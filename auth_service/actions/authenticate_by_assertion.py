"""Authenticate a client by a JWT that it signed, each of which counts once (RFC 7523 §3)."""

from __future__ import annotations

import hashlib
import logging
from typing import TYPE_CHECKING

from auth_service.tokens.client_assertion import (
    REMEMBERED_SECONDS,
    claimed_client_id,
    verify_client_assertion,
)
from wire.errors import TokenRefusedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from auth_service.domain.client import Client
    from wire.dpop import ReplayMemory

_log = logging.getLogger(__name__)


def authenticate_by_assertion(
    find: Callable[[str], Client | None],
    used: ReplayMemory,
    *,
    assertion: str,
    audiences: tuple[str, ...],
    now: datetime,
) -> Client | None:
    """Give the client that signed the assertion; None when nobody who is registered did, or it was used before.

    Raises DatabaseUnavailableError, or UnreachableError when its use cannot be remembered.
    """
    client_id = claimed_client_id(assertion)
    client = None if client_id is None else find(client_id)
    if client is None or client.public_keys is None:
        return None
    try:
        jti = verify_client_assertion(
            assertion, client_id=client.client_id, public_keys=client.public_keys, audiences=audiences, now=now
        )
    except TokenRefusedError as refused:
        # The client is told no more than that it failed; who runs the service reads here why.
        _log.info("client assertion refused", extra={"client_id": client.client_id, "reason": str(refused)})
        return None
    name = hashlib.sha256(f"{client.client_id}\n{jti}".encode("utf-8", "surrogatepass")).hexdigest()
    if not used.is_first_use(name, seconds=REMEMBERED_SECONDS, now=now):
        _log.warning("client assertion used twice", extra={"client_id": client.client_id})
        return None
    return client
