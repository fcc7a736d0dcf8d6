"""Read what devices of an organization are called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auth_service.storage.devices import device_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from database.engine import Database


def read_device_names(database: Database, organization_id: str, device_ids: Sequence[str]) -> dict[str, str]:
    """Give the names by their ids; devices that the organization does not have are left out (T44)."""
    with database.reading() as connection:
        return device_names(connection, organization_id, device_ids)
