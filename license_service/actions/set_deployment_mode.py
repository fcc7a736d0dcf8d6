"""Set whether an organization's site uses the cloud platform (S2-7, S2-19, S2-20)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from database.retried import retried
from license_service.domain.errors import StaleVersionError
from license_service.storage import sites

if TYPE_CHECKING:
    from database.engine import Database
    from license_service.domain.site import DeploymentMode, Site


@retried
def set_deployment_mode(
    database: Database, organization_id: str, mode: DeploymentMode, *, expected_version: int | None = None
) -> Site:
    """Set the mode and give the site. Raises StaleVersionError when another version is expected than there is."""
    with database.transaction() as connection:
        present = sites.of_organization(connection, organization_id).version
        wanted = present if expected_version is None else expected_version
        if not sites.set_mode(connection, organization_id, mode, expected_version=wanted):
            raise StaleVersionError(sites.of_organization(connection, organization_id).version)
        return sites.of_organization(connection, organization_id)
