"""List the components of the catalog (S2-23)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from license_service.storage import catalog

if TYPE_CHECKING:
    from database.engine import Database
    from license_service.domain.catalog import Component


def list_components(database: Database) -> list[Component]:
    """Give all components, by their codes."""
    with database.reading() as connection:
        return catalog.all_components(connection)
