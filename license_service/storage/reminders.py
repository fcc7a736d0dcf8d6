"""What reminders are made of, read in the order of an index: renewal dates, missing contacts, over-use, and counts.

Nothing here is written; who was told is notify_service's to know.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, func, select

from database.instants import Instant
from license_service.domain.contact import DEACTIVATED_AFTER
from license_service.domain.license_key import KeyStatus
from license_service.domain.page import Page, PageWanted
from license_service.domain.renewal import REMINDER_LADDER, today
from license_service.storage.contact_tables import contacts, over_counts
from license_service.storage.keyset import read_page
from license_service.storage.tables import license_keys
from wire.calendar_records import DueRenewal, LicenseCounts, MissingContact

if TYPE_CHECKING:
    from datetime import date, datetime

    from sqlalchemy import Column, Connection, RowMapping, Select

_keys: Final = license_keys.c
_contacts: Final = contacts.c
_over: Final = over_counts.c
# As an expression: SQLite would take the index on the status, which leads through the keys of all dates.
_IS_ACTIVE: Final = _keys.status.concat("") == KeyStatus.ACTIVE
_DUE: Final = select(_keys.id, _keys.organization_id, _keys.id_number, _keys.renewal_date, _keys.issued_at).where(
    _IS_ACTIVE
)
_MISSING: Final = select(_contacts.device_id, _contacts.organization_id, _contacts.last_contact_at)
_IS_OVER: Final = _over.since.is_not(None)
_COUNTS: Final = select(
    select(func.count())
    .select_from(license_keys)
    .where(_IS_ACTIVE, _keys.renewal_date.between(bindparam("today"), bindparam("last")))
    .scalar_subquery()
    .label("renewals_due"),
    select(func.count())
    .select_from(license_keys)
    .where(_IS_ACTIVE, _keys.renewal_date < bindparam("today"))
    .scalar_subquery()
    .label("expired"),
    select(func.count())
    .select_from(contacts)
    .where(_contacts.last_contact_at <= bindparam("dark_until", type_=Instant))
    .scalar_subquery()
    .label("dark"),
    select(func.count()).select_from(over_counts).where(_IS_OVER).scalar_subquery().label("over_count"),
)


def due_renewals(connection: Connection, first: date, last: date, wanted: PageWanted) -> Page[DueRenewal]:
    """Give the active keys whose renewal date lies between these days, both included, the soonest first."""
    query = _DUE.where(_keys.renewal_date <= last)
    rows = _from_on(connection, query, (_keys.renewal_date, _keys.id), first, wanted)
    return Page((_due_renewal(**row) for row in rows), rows.end)


def _due_renewal(*, id: str, **values: Any) -> DueRenewal:  # noqa: A002, ANN401 - the columns' names and values
    return DueRenewal(key_id=id, **values)


def missing_contacts(
    connection: Connection, first: datetime, last: datetime, wanted: PageWanted
) -> Page[MissingContact]:
    """Give the devices whose last contact was between these instants, both included, the longest ago first."""
    query = _MISSING.where(_contacts.last_contact_at <= last)
    rows = _from_on(connection, query, (_contacts.last_contact_at, _contacts.device_id), first, wanted)
    return Page((MissingContact(**row) for row in rows), rows.end)


def over_used(connection: Connection, wanted: PageWanted) -> Page[RowMapping]:
    """Give organization and component of each over-use, the longest ago first."""
    order = (_over.since, _over.organization_id, _over.component_code)
    return read_page(connection, select(*order).where(_IS_OVER), order, wanted)


def counts(connection: Connection, now: datetime) -> LicenseCounts:
    """Give how many there are of each."""
    day = today(now)
    values = {
        "today": day,
        "last": day + timedelta(days=max(REMINDER_LADDER)),
        "dark_until": now - DEACTIVATED_AFTER,
    }
    return LicenseCounts(**connection.execute(_COUNTS, values).mappings().one())


def _from_on(
    connection: Connection,
    query: Select[*tuple[Any, ...]],
    order: tuple[Column[Any], ...],
    first: date,
    wanted: PageWanted,
) -> Page[RowMapping]:
    # Of two beginnings a database may look for the wrong one, and read through all that lies between.
    begins: Any = None if wanted.after is None else wanted.after[0]
    if begins is None or begins < first:
        query, wanted = query.where(order[0] >= first), PageWanted(wanted.limit)
    return read_page(connection, query, order, wanted)
