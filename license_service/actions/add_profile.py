"""Add a licensing profile and its features to the catalog (S2-23)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from database.retried import retried
from license_service.domain.errors import CodeTakenError
from license_service.storage import catalog

if TYPE_CHECKING:
    from database.engine import Database
    from license_service.domain.catalog import Profile


@retried
def add_profile(database: Database, profile: Profile) -> None:
    """Keep the profile. Raises CodeTakenError or UnknownComponentError."""
    with database.transaction() as connection:
        if not catalog.add_profile(connection, profile):
            raise CodeTakenError
