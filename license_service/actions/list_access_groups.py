"""List access groups, the oldest first (S2-25)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from license_service.domain.page import EVERYTHING
from license_service.storage import access_groups

if TYPE_CHECKING:
    from database.engine import Database
    from license_service.domain.access_group import AccessGroup
    from license_service.domain.page import Page, PageWanted


def list_access_groups(
    database: Database,
    wanted: PageWanted = EVERYTHING,
    *,
    visible_to: str | None = None,
    **filters: Any,  # noqa: ANN401 - a column's value
) -> Page[AccessGroup]:
    """Give the groups that are like this, as list_license_keys does with license keys (T44)."""
    with database.reading() as connection:
        return access_groups.listed(connection, visible_to, filters, wanted)
