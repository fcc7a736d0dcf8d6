"""The rows of `contacts`: when each device that holds a seat was last in contact, and what its last check-in said.

Whoever writes here has locked the seat before (storage/seats.py: kept_of_device).
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Integer, bindparam, case, cast, func, or_, select, update

from database.instants import Instant
from license_service.domain.contact import Contact, last_contacts_of
from license_service.domain.page import Page, PageWanted
from license_service.storage.contact_tables import contacts
from license_service.storage.insertion import insert_into
from license_service.storage.keyset import matching, read_page

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection, Row

    from license_service.domain.check_in import CheckIn
    from license_service.domain.contact import ContactState

_table: Final = contacts.c
_COLUMNS: Final = tuple(column for column in contacts.columns if column is not _table.dark_told)
_LAST: Final = select(_table.last_contact_at).where(_table.device_id == bindparam("device_id"))
_UNTOLD: Final = (
    select(_table.device_id, _table.organization_id, _table.last_contact_at)
    .where(_table.dark_told.is_(False), _table.last_contact_at <= bindparam("until", type_=Instant))
    .order_by(_table.last_contact_at)
    .limit(bindparam("limit"))
)
_TELL: Final = (
    update(contacts)
    .where(
        _table.device_id == bindparam("this_device"),
        _table.dark_told.is_(False),
        _table.last_contact_at <= bindparam("until", type_=Instant),
    )
    .values(dark_told=True)
)
# Each database has its own way to take a JSON object apart.
_MEMBERS: Final = {"sqlite": func.json_each, "postgresql": func.json_each_text}


def begin(connection: Connection, device_id: str, organization_id: str, now: datetime) -> None:
    """Count from now on, as of a device of which nothing is known yet."""
    first = {**_first(device_id, organization_id, now), "checked_in_at": None, "software_version": None}
    row = {**first, "clock_skew_seconds": None}
    insert = insert_into(connection, contacts).values(**row)
    connection.execute(insert.on_conflict_do_update(index_elements=[_table.device_id], set_=row))


def note(connection: Connection, device_id: str, organization_id: str, now: datetime) -> None:
    """Note a contact that tells nothing but that it was one; a later one that was noted stands."""
    insert = insert_into(connection, contacts).values(**_first(device_id, organization_id, now))
    later = {"last_contact_at": insert.excluded.last_contact_at, "dark_told": False}
    connection.execute(
        insert.on_conflict_do_update(
            index_elements=[_table.device_id],
            set_=later,
            where=_table.last_contact_at < insert.excluded.last_contact_at,
        )
    )


def note_check_in(connection: Connection, check_in: CheckIn) -> None:
    """Note what a check-in says, in one statement: what a later one said stands, and so does a later contact."""
    said = {
        "checked_in_at": check_in.at,
        "software_version": check_in.report.software_version,
        "clock_skew_seconds": check_in.clock_skew_seconds,
        "seats_in_use": dict(check_in.report.seats_in_use),
        "registers": [asdict(register) for register in check_in.report.registers],
    }
    row = {**_first(check_in.device_id, check_in.organization_id, check_in.at), **said}
    insert = insert_into(connection, contacts).values(**row)
    new = insert.excluded
    latest = case((_table.last_contact_at < new.last_contact_at, new.last_contact_at), else_=_table.last_contact_at)
    connection.execute(
        insert.on_conflict_do_update(
            index_elements=[_table.device_id],
            set_={**{name: new[name] for name in said}, "last_contact_at": latest, "dark_told": False},
            where=or_(_table.checked_in_at.is_(None), _table.checked_in_at < new.checked_in_at),
        )
    )


def last_contact_at(connection: Connection, device_id: str) -> datetime | None:
    """Give when the device was last in contact, as far as it was noted."""
    found: datetime | None = connection.execute(_LAST, {"device_id": device_id}).scalar_one_or_none()
    return found


def of_device(connection: Connection, device_id: str, visible_to: str | None) -> Contact | None:
    """Give the contact of a device, or None when there is none that this organization (None: anybody) may see."""
    query = select(*_COLUMNS).where(*matching(contacts, visible_to, {"device_id": device_id}))
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else _contact(row)


def listed(
    connection: Connection,
    filters: Mapping[str, Any],
    state: ContactState | None,
    now: datetime,
    wanted: PageWanted,
) -> Page[Contact]:
    """Give the contacts that are like this, those of the longest ago first."""
    query = select(*_COLUMNS).where(*matching(contacts, None, filters))
    after, until = (None, None) if state is None else last_contacts_of(state, now)
    if after is not None and not _begins_after(wanted, after):
        # Of two beginnings a database may look for the wrong one, and read through all that lies between.
        query, wanted = query.where(_table.last_contact_at > after), PageWanted(wanted.limit)
    if until is not None:
        query = query.where(_table.last_contact_at <= until)
    rows = read_page(connection, query, (_table.last_contact_at, _table.device_id), wanted)
    return Page((_contact(row) for row in rows), rows.end)


def seats_in_use(connection: Connection, organization_id: str) -> dict[str, int]:
    """Give how many seats of each component the devices of an organization said last that they use."""
    members = _MEMBERS[connection.dialect.name](_table.seats_in_use).table_valued("key", "value")
    query = (
        select(members.c.key, func.sum(cast(members.c.value, Integer)))
        .select_from(contacts.join(members, onclause=_table.organization_id == organization_id))
        .group_by(members.c.key)
    )
    return {code: int(seats) for code, seats in connection.execute(query)}


def dark_untold(connection: Connection, until: datetime, *, limit: int) -> list[Row[Any]]:
    """Give devices without a contact after `until` of which it was not told, those of the longest ago first."""
    return list(connection.execute(_UNTOLD, {"until": until, "limit": limit}))


def tell_dark(connection: Connection, device_id: str, until: datetime) -> bool:
    """Note that it is told that the device is dark, or say that it was, or that it is not."""
    return connection.execute(_TELL, {"this_device": device_id, "until": until}).rowcount == 1


def _begins_after(wanted: PageWanted, instant: datetime) -> bool:
    begins = None if wanted.after is None else wanted.after[0]
    return isinstance(begins, datetime) and begins > instant


def _first(device_id: str, organization_id: str, now: datetime) -> dict[str, Any]:
    return {
        "device_id": device_id,
        "organization_id": organization_id,
        "last_contact_at": now,
        "dark_told": False,
        "seats_in_use": {},
        "registers": [],
    }


def _contact(row: Mapping[Any, Any]) -> Contact:
    return Contact(**{**row, "registers": tuple(row["registers"])})
