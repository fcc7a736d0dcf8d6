"""Delete an access group: its members have no access by it any more (S2-25)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from database.retried import retried
from license_service.storage import access_groups, access_places, license_keys

if TYPE_CHECKING:
    from database.engine import Database


@retried
def delete_access_group(database: Database, group_id: str, *, expected_version: int | None = None) -> None:
    """Delete it, whatever became of its license key. Raises AccessGroupNotFoundError or StaleVersionError."""
    with database.transaction() as connection:
        group = access_groups.current(connection, group_id, expected_version)
        license_keys.standing(connection, group.key_id)
        access_groups.remove(connection, group)
        fewer = {code: -count for code, count in group.terms.places().items()}
        access_places.change(connection, group.key_id, fewer)
