"""Read the Solutions Catalog (S2-23)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from license_service.domain.catalog import Catalog
from license_service.domain.page import EVERYTHING
from license_service.storage import catalog

if TYPE_CHECKING:
    from database.engine import Database


def read_catalog(database: Database) -> Catalog:
    """Give every component and every profile, by their codes."""
    with database.reading() as connection:
        components = catalog.listed_components(connection, EVERYTHING)
        return Catalog(components, catalog.listed_profiles(connection, EVERYTHING))
