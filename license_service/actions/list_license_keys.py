"""List license keys, the oldest first (S2-14)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from license_service.domain.page import EVERYTHING
from license_service.storage import license_keys

if TYPE_CHECKING:
    from database.engine import Database
    from license_service.domain.license_key import LicenseKey
    from license_service.domain.page import Page, PageWanted


def list_license_keys(
    database: Database,
    wanted: PageWanted = EVERYTHING,
    *,
    visible_to: str | None = None,
    **filters: Any,  # noqa: ANN401 - a column's value
) -> Page[LicenseKey]:
    """Give the license keys that are like this: `filters` are values of columns, such as `organization_id`.

    `visible_to` is the organization of the caller (T44), None for one who sees those of all.
    """
    with database.reading() as connection:
        return license_keys.listed(connection, visible_to, filters, wanted)
