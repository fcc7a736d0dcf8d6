"""Read one access group."""

from __future__ import annotations

from typing import TYPE_CHECKING

from license_service.storage import access_groups

if TYPE_CHECKING:
    from database.engine import Database
    from license_service.domain.access_group import AccessGroup


def read_access_group(database: Database, group_id: str, *, visible_to: str | None = None) -> AccessGroup:
    """Give the group. Raises AccessGroupNotFoundError, also when it is another organization's (T44)."""
    with database.reading() as connection:
        return access_groups.current(connection, group_id, visible_to=visible_to)
