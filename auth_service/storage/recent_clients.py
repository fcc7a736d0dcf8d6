"""Clients as SQL had them a few seconds ago, so that a poll or refresh reads no row of them.

A client that was disabled, or whose secret was changed, is known as it was for RECENT_SECONDS at most, in each process.
Who is not found is never remembered: a client works as soon as it is registered, and made-up names take no room.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from auth_service.storage.clients import find_client

if TYPE_CHECKING:
    from collections.abc import Callable

    from auth_service.domain.client import Client
    from database.engine import Database

RECENT_SECONDS: Final = 5.0
MOST_REMEMBERED: Final = 1000


class RecentClients:
    """One process's short memory of clients, shared by its threads."""

    def __init__(self, database: Database, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._monotonic = monotonic
        self._found: dict[str, tuple[float, Client]] = {}

    def find(self, client_id: str) -> Client | None:
        """Find a client that is registered and not disabled. Raises DatabaseUnavailableError."""
        now = self._monotonic()
        known = self._found.get(client_id)
        if known is not None and now - known[0] < RECENT_SECONDS:
            return known[1]
        with self._database.reading() as connection:
            client = find_client(connection, client_id)
        self._remember(client_id, client, now)
        return client

    def _remember(self, client_id: str, client: Client | None, now: float) -> None:
        if client is None:
            self._found.pop(client_id, None)
            return
        if len(self._found) >= MOST_REMEMBERED:
            # Far more clients than anyone has: begin anew rather than keep an order at every request.
            self._found.clear()
        self._found[client_id] = (now, client)
