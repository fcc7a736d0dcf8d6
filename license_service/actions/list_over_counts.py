"""List what organizations use more of than they own, the longest ago first (S1-10, S1-11)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from license_service.domain.over_count import judged
from license_service.domain.page import EVERYTHING, Page
from license_service.storage import contacts, over_counts, reminders
from wire.calendar_records import OverCount
from wire.check_in import OverCountOutcome

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from sqlalchemy import Connection

    from database.engine import Database
    from license_service.domain.page import PageWanted
    from wire.check_in import ComponentUse


def list_over_counts(database: Database, wanted: PageWanted = EVERYTHING, *, now: datetime) -> Page[OverCount]:
    """Give the over-uses as they stand now. What fits again, but was not checked in since, is left out."""
    with database.reading() as connection:
        rows = reminders.over_used(connection, wanted)
        uses = {
            organization_id: {use.component_code: use for use in _uses(connection, organization_id, now)}
            for organization_id in {row["organization_id"] for row in rows}
        }
    found = ((row["organization_id"], uses[row["organization_id"]].get(row["component_code"])) for row in rows)
    return Page(_over_counts(found), rows.end)


def _uses(connection: Connection, organization_id: str, now: datetime) -> tuple[ComponentUse, ...]:
    since = {code: at for code, at in over_counts.known(connection, organization_id).items() if at is not None}
    in_use = contacts.seats_in_use(connection, organization_id)
    return judged(over_counts.sold(connection, organization_id), in_use, since, now)


def _over_counts(found: Iterator[tuple[str, ComponentUse | None]]) -> Iterator[OverCount]:
    for organization_id, use in found:
        if use is not None and use.outcome is not OverCountOutcome.OK and use.over_count_since is not None:
            yield OverCount(
                organization_id=organization_id,
                component_code=use.component_code,
                since=use.over_count_since,
                seats_owned=use.seats_owned,
                seats_in_use=use.seats_in_use,
                until=use.over_count_until,
            )
