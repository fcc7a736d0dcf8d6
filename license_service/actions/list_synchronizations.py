"""List synchronizations: the History (S2-12, S2-13)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from license_service.domain.page import EVERYTHING, Page
from license_service.storage import synchronizations

if TYPE_CHECKING:
    from datetime import datetime

    from database.engine import Database
    from license_service.domain.page import PageWanted
    from license_service.domain.synchronization import Synchronization, Trigger


def list_synchronizations(
    database: Database,
    wanted: PageWanted = EVERYTHING,
    *,
    now: datetime,
    organization_id: str | None = None,
    trigger: Trigger | None = None,
    visible_to: str | None = None,
) -> Page[Synchronization]:
    """Give the runs of an organization and a trigger, of any where none is named, the newest first, as they stand now.

    `visible_to` is the organization of the caller (T44), None for one who sees those of all.
    """
    with database.reading() as connection:
        filters = {"organization_id": organization_id, "trigger": trigger}
        runs = synchronizations.listed(connection, visible_to, filters, wanted)
    return Page((run.seen_at(now) for run in runs), runs.end)
