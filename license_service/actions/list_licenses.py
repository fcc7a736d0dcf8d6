"""List licenses, the oldest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from license_service.storage import licenses

if TYPE_CHECKING:
    from database.engine import Database
    from license_service.domain.license import License


def list_licenses(database: Database, *, organization_id: str | None = None) -> list[License]:
    """Give the licenses of one organization, or of all when none is named."""
    with database.reading() as connection:
        if organization_id is None:
            return licenses.of_everyone(connection)
        return licenses.of_organization(connection, organization_id)
