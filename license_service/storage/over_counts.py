"""The rows of `over_counts`: since when an organization's sites use more of a component than it owns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, delete, select, update

from database.instants import Instant
from license_service.domain.license_key import KeyStatus, OverCountPolicy
from license_service.domain.over_count import SoldSeats
from license_service.storage.contact_tables import over_counts
from license_service.storage.insertion import insert_into
from license_service.storage.tables import key_components, license_keys

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy import Connection

_table: Final = over_counts.c
_keys: Final = license_keys.c
_SOLD: Final = (
    select(
        key_components.c.component_code,
        key_components.c.seats,
        _keys.renewal_date,
        _keys.over_count_percent,
        _keys.over_count_days,
    )
    .join(key_components)
    .where(
        _keys.organization_id == bindparam("organization_id"), _keys.status.in_((KeyStatus.ACTIVE, KeyStatus.SUSPENDED))
    )
)
_KNOWN: Final = select(_table.component_code, _table.since).where(
    _table.organization_id == bindparam("organization_id")
)
_THIS: Final = (
    _table.organization_id == bindparam("this_organization"),
    _table.component_code == bindparam("this_component"),
)
_BEGIN: Final = update(over_counts).where(*_THIS, _table.since.is_(None)).values(since=bindparam("now", type_=Instant))
_END: Final = update(over_counts).where(*_THIS, _table.since.is_not(None)).values(since=None)
_FORGET: Final = delete(over_counts).where(*_THIS)


def sold(connection: Connection, organization_id: str) -> list[SoldSeats]:
    """Give what the keys of an organization give, as far as they are active or suspended."""
    rows = connection.execute(_SOLD, {"organization_id": organization_id})
    return [
        SoldSeats(
            row.component_code,
            row.seats,
            row.renewal_date,
            OverCountPolicy(row.over_count_percent, row.over_count_days),
        )
        for row in rows
    ]


def known(connection: Connection, organization_id: str) -> dict[str, datetime | None]:
    """Give since when each component was over that was ever counted."""
    rows = connection.execute(_KNOWN, {"organization_id": organization_id})
    return {row.component_code: row.since for row in rows}


def locked(connection: Connection, organization_id: str, codes: Iterable[str]) -> dict[str, datetime | None]:
    """Give since when each of these components is over; until the commit nobody else judges them.

    One statement, which locks in the order of the codes: of check-ins at the same time the last one sees them all.
    """
    rows = [{"organization_id": organization_id, "component_code": code} for code in sorted(codes)]
    if not rows:
        return {}
    insert = insert_into(connection, over_counts).values(rows)
    same = {"component_code": insert.excluded.component_code}
    given = connection.execute(
        insert.on_conflict_do_update(index_elements=[*over_counts.primary_key], set_=same).returning(
            _table.component_code, _table.since
        )
    )
    return {row.component_code: row.since for row in given}


def begin(connection: Connection, organization_id: str, component_code: str, now: datetime) -> bool:
    """Note the first instant of over-use, or say that it was noted."""
    values = {"this_organization": organization_id, "this_component": component_code, "now": now}
    return connection.execute(_BEGIN, values).rowcount == 1


def end(connection: Connection, organization_id: str, component_code: str) -> None:
    """Forget when over-use began: all fit again."""
    connection.execute(_END, {"this_organization": organization_id, "this_component": component_code})


def forget(connection: Connection, organization_id: str, component_code: str) -> None:
    """Delete a component that is neither owned nor used any more."""
    connection.execute(_FORGET, {"this_organization": organization_id, "this_component": component_code})
