"""Read who is told what concerns an organization, and in which language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auth_service.domain.errors import OrganizationUnknownError
from auth_service.storage.organizations import organization_locale, organization_name, owner_addresses
from wire.calendar_records import OrganizationRecipients

if TYPE_CHECKING:
    from database.engine import Database


def read_recipients(database: Database, organization_id: str) -> OrganizationRecipients:
    """Give the owners' addresses, perhaps none. Raises OrganizationUnknownError."""
    with database.reading() as connection:
        name = organization_name(connection, organization_id)
        if name is None:
            raise OrganizationUnknownError("No organization has this id.")
        owners = tuple(owner_addresses(connection, organization_id))
        return OrganizationRecipients(name, organization_locale(connection, organization_id), owners)
