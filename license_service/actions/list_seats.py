"""List who sits on a license key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from license_service.domain.errors import KeyNotFoundError
from license_service.domain.page import EVERYTHING
from license_service.storage import license_keys, seats

if TYPE_CHECKING:
    from database.engine import Database
    from license_service.domain.page import Page, PageWanted
    from license_service.domain.seat import Seat


def list_seats(database: Database, key_id: str, wanted: PageWanted = EVERYTHING) -> Page[Seat]:
    """Give the seats of the key, the oldest first. Raises KeyNotFoundError."""
    with database.reading() as connection:
        if license_keys.by_id(connection, key_id) is None:
            raise KeyNotFoundError
        return seats.of_key(connection, key_id, wanted)
