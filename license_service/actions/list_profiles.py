"""List the profiles of the catalog (S2-23)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from license_service.domain.page import EVERYTHING
from license_service.storage import catalog

if TYPE_CHECKING:
    from database.engine import Database
    from license_service.domain.catalog import Profile
    from license_service.domain.page import Page, PageWanted


def list_profiles(database: Database, wanted: PageWanted = EVERYTHING) -> Page[Profile]:
    """Give profiles, by their codes."""
    with database.reading() as connection:
        return catalog.listed_profiles(connection, wanted)
