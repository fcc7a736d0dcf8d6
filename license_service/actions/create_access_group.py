"""Create an access group on a license key (S2-25)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from database.retried import retried
from license_service.domain.access_group import AccessGroup
from license_service.storage import access_groups, access_places, license_keys, sites

if TYPE_CHECKING:
    from datetime import datetime

    from database.engine import Database
    from license_service.domain.access_group import AccessTerms


@retried
def create_access_group(
    database: Database, terms: AccessTerms, *, key_id: str, group_id: str, now: datetime
) -> AccessGroup:
    """Give the new group.

    Raises KeyNotFoundError, KeyNotRegisteredError, ComponentNotOnKeyError, GroupNameTakenError, MemberElsewhereError,
    or NoPlaceFreeError when more members would have access to a component than it has seats; then nothing was changed.
    """
    with database.transaction() as connection:
        [key] = license_keys.standing(connection, key_id)
        terms.check_fits(key, sites.of_organization(connection, key.organization_id))
        group = AccessGroup(
            id=group_id, key_id=key_id, organization_id=key.organization_id, terms=terms, version=1, created_at=now
        )
        access_groups.add(connection, group)
        access_places.change(connection, key_id, terms.places())
        return access_groups.current(connection, group_id)
