"""Have an address tried again that a mail server refused for good (F36)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from notify_service.storage import refused_addresses

if TYPE_CHECKING:
    from database.engine import Database


def clear_address(database: Database, address: str) -> bool:
    """Forget that it was refused; False when it was not. Raises DatabaseUnavailableError."""
    with database.transaction() as connection:
        return refused_addresses.clear(connection, address)
