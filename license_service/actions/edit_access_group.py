"""Give an access group another name, other components or other members (S2-25)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from database.retried import retried
from license_service.storage import access_groups, access_places, license_keys, sites

if TYPE_CHECKING:
    from database.engine import Database
    from license_service.domain.access_group import AccessGroup, AccessTerms


@retried
def edit_access_group(
    database: Database, group_id: str, terms: AccessTerms, *, expected_version: int | None = None
) -> AccessGroup:
    """Give the group, which is as `terms` say from now on.

    Raises AccessGroupNotFoundError, StaleVersionError, and what create_access_group raises.
    """
    with database.transaction() as connection:
        group = access_groups.current(connection, group_id, expected_version)
        [key] = license_keys.standing(connection, group.key_id)
        terms.check_fits(key, sites.of_organization(connection, key.organization_id))
        access_groups.change(connection, group, terms)
        more = terms.places()
        more.subtract(group.terms.places())
        access_places.change(connection, key.id, more)
        return access_groups.current(connection, group_id)
