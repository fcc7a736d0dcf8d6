"""Read whom of the vendor's staff to write to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auth_service.storage.organizations import vendor_addresses

if TYPE_CHECKING:
    from database.engine import Database


def read_vendor_recipients(database: Database) -> list[str]:
    """Give their addresses, perhaps none."""
    with database.reading() as connection:
        return vendor_addresses(connection)
