"""The rows of `seats`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite

from license_service.domain.seat import Seat
from license_service.storage.licenses import from_row
from license_service.storage.tables import licenses, seats

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy import Connection, Select, Table

# ON CONFLICT is spelt by each dialect's own insert.
_INSERT: Final[dict[str, Callable[[Table], sqlite.Insert | postgresql.Insert]]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}


def of_device(connection: Connection, device_id: str) -> Seat | None:
    """Give the seat of a device, in whatever organization it is, or None."""
    row = connection.execute(_with_license(device_id)).mappings().one_or_none()
    return None if row is None else _from_row(row)


def held_by(connection: Connection, device_id: str) -> Seat:
    """Give the seat of a device that is known to hold one."""
    return _from_row(connection.execute(_with_license(device_id)).mappings().one())


def add_if_absent(connection: Connection, seat: Seat) -> bool:
    """Insert the seat, or say that the device has one; a claim of this device that is under way is waited for."""
    insert = _INSERT[connection.dialect.name](seats).values(
        device_id=seat.device_id,
        license_id=seat.license.id,
        organization_id=seat.license.organization_id,
        claimed_at=seat.claimed_at,
    )
    # Rows are counted by what comes back: psycopg's row count of an INSERT is not kept by SQLAlchemy.
    added = connection.execute(
        insert.on_conflict_do_nothing(index_elements=[seats.c.device_id]).returning(seats.c.device_id)
    )
    return added.one_or_none() is not None


def place(connection: Connection, device_id: str, license_id: str) -> None:
    """Put the seat of a device on another license of the same organization."""
    connection.execute(update(seats).where(seats.c.device_id == device_id).values(license_id=license_id))


def _with_license(device_id: str) -> Select[*tuple[Any, ...]]:
    return select(seats, licenses).join(licenses).where(seats.c.device_id == device_id)


def _from_row(row: Mapping[Any, Any]) -> Seat:
    return Seat(device_id=row[seats.c.device_id], license=from_row(row), claimed_at=row[seats.c.claimed_at])
