"""List agreements, the oldest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from license_service.storage import agreements

if TYPE_CHECKING:
    from database.engine import Database
    from license_service.domain.agreement import Agreement


def list_agreements(database: Database, *, organization_id: str | None = None) -> list[Agreement]:
    """Give the agreements of one organization, or of all when none is named."""
    with database.reading() as connection:
        return agreements.listed(connection, organization_id)
