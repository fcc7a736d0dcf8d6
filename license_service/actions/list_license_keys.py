"""List license keys, the oldest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from license_service.storage import license_keys

if TYPE_CHECKING:
    from database.engine import Database
    from license_service.domain.license_key import LicenseKey


def list_license_keys(database: Database, *, organization_id: str | None = None) -> list[LicenseKey]:
    """Give the license keys of one organization, or of all when none is named."""
    with database.reading() as connection:
        return license_keys.listed(connection, organization_id)
