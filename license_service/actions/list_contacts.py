"""List the last contacts of devices, those of the longest ago first (S1-9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from license_service.domain.page import EVERYTHING
from license_service.storage import contacts

if TYPE_CHECKING:
    from datetime import datetime

    from database.engine import Database
    from license_service.domain.contact import Contact, ContactState
    from license_service.domain.page import Page, PageWanted


def list_contacts(
    database: Database,
    wanted: PageWanted = EVERYTHING,
    *,
    now: datetime,
    state: ContactState | None = None,
    **filters: Any,  # noqa: ANN401 - a column's value
) -> Page[Contact]:
    """Give the contacts of devices in this state at `now`; `filters` are values of columns."""
    with database.reading() as connection:
        return contacts.listed(connection, filters, state, now, wanted)
