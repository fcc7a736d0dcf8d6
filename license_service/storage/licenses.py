"""The rows of `licenses`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from license_service.domain.license import License
from license_service.storage.tables import licenses

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection, Select

OLDEST_FIRST = (licenses.c.created_at, licenses.c.id)


def add(connection: Connection, record: License) -> None:
    connection.execute(
        insert(licenses).values(
            id=record.id,
            organization_id=record.organization_id,
            features=list(record.features),
            seats=record.seats,
            seats_claimed=record.seats_claimed,
            renewal_date=record.renewal_date,
            renewal_window_days=record.renewal_window_days,
            created_at=record.created_at,
        )
    )


def by_id(connection: Connection, license_id: str) -> License | None:
    found = _all(connection, select(licenses).where(licenses.c.id == license_id))
    return found[0] if found else None


def of_organization(connection: Connection, organization_id: str) -> list[License]:
    """Give the licenses of one organization, the oldest first."""
    return _all(
        connection,
        select(licenses).where(licenses.c.organization_id == organization_id).order_by(*OLDEST_FIRST),
    )


def of_everyone(connection: Connection) -> list[License]:
    """Give all licenses, the oldest first."""
    return _all(connection, select(licenses).order_by(*OLDEST_FIRST))


def take_seat(connection: Connection, license_id: str) -> License | None:
    """Count one seat more as taken and give the license, or None when no seat is free.

    One conditional statement, so no race oversells (T59).
    """
    taken = connection.execute(
        update(licenses)
        .where(licenses.c.id == license_id, licenses.c.seats_claimed < licenses.c.seats)
        .values(seats_claimed=licenses.c.seats_claimed + 1)
        .returning(*licenses.columns)
    )
    row = taken.mappings().one_or_none()
    return None if row is None else from_row(row)


def from_row(row: Mapping[Any, Any]) -> License:
    """Read a license from a row that has every column of `licenses`."""
    values = {column.name: row[column] for column in licenses.columns}
    return License(**{**values, "features": tuple(values["features"])})


def _all(connection: Connection, query: Select[*tuple[Any, ...]]) -> list[License]:
    return [from_row(row) for row in connection.execute(query).mappings()]
