"""List agreements, the oldest first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from license_service.domain.page import EVERYTHING
from license_service.storage import agreements

if TYPE_CHECKING:
    from database.engine import Database
    from license_service.domain.agreement import Agreement
    from license_service.domain.page import Page, PageWanted


def list_agreements(database: Database, wanted: PageWanted = EVERYTHING, **filters: Any) -> Page[Agreement]:  # noqa: ANN401 - a column's value
    """Give the agreements that are like this: `filters` are values of columns, such as `organization_id`."""
    with database.reading() as connection:
        return agreements.listed(connection, filters, wanted)
