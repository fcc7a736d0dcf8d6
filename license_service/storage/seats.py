"""The rows of `seats`, read with what their keys and profiles say of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.exc import IntegrityError

from license_service.domain.errors import DeviceSeatedError
from license_service.domain.license_key import KeyStatus
from license_service.domain.page import Page
from license_service.domain.seat import Seat, SeatTerms
from license_service.storage.insertion import insert_if_absent
from license_service.storage.keyset import matching, read_page
from license_service.storage.tables import license_keys, profile_features, seats

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Connection

    from license_service.domain.page import PageWanted

# A profile that does not give the component gives no features; the seat is there all the same.
_OF_DEVICE: Final = (
    select(
        seats,
        license_keys.c.status,
        license_keys.c.renewal_date,
        license_keys.c.renewal_window_days,
        profile_features.c.features,
    )
    .join(license_keys, license_keys.c.id == seats.c.key_id)
    .outerjoin(
        profile_features,
        (profile_features.c.profile_code == license_keys.c.profile_code)
        & (profile_features.c.component_code == seats.c.component_code),
    )
    .where(seats.c.device_id == bindparam("device_id"))
)

# Until the commit nobody takes the seat away on PostgreSQL; SQLite has one writer anyway.
_KEPT: Final = _OF_DEVICE.with_for_update(read=True, key_share=True, of=seats)


def of_device(connection: Connection, device_id: str) -> SeatTerms | None:
    """Give the seat of a device, in whatever organization it is, or None."""
    row = connection.execute(_OF_DEVICE, {"device_id": device_id}).mappings().one_or_none()
    return None if row is None else _terms(row)


def kept_of_device(connection: Connection, device_id: str) -> SeatTerms | None:
    """Give the seat of a device, in whatever organization it is, which stays until the commit; or None."""
    row = connection.execute(_KEPT, {"device_id": device_id}).mappings().one_or_none()
    return None if row is None else _terms(row)


def held_by(connection: Connection, device_id: str) -> SeatTerms:
    """Give the seat of a device that is known to hold one."""
    return _terms(connection.execute(_OF_DEVICE, {"device_id": device_id}).mappings().one())


def add_if_absent(connection: Connection, seat: Seat) -> bool:
    """Insert the seat, or say that the device has one; a claim of this device that is under way is waited for."""
    return insert_if_absent(connection, seats, asdict(seat))


def place(connection: Connection, device_id: str, key_id: str) -> None:
    """Put the seat of a device on another key of the same organization."""
    connection.execute(update(seats).where(seats.c.device_id == device_id).values(key_id=key_id))


def release(connection: Connection, device_id: str, organization_id: str) -> Seat | None:
    """Delete the seat of a device of the organization and give it as it was, or None."""
    this = (seats.c.device_id == device_id, seats.c.organization_id == organization_id)
    row = connection.execute(delete(seats).where(*this).returning(*seats.columns)).mappings().one_or_none()
    return None if row is None else Seat(**row)


def transfer(connection: Connection, device_id: str, organization_id: str, *, to: str, now: datetime) -> bool:
    """Give the seat of a device of the organization to another device, or say that there is none.

    One statement. Raises DeviceSeatedError when the other device holds a seat.
    """
    this = (seats.c.device_id == device_id, seats.c.organization_id == organization_id)
    try:
        return connection.execute(update(seats).where(*this).values(device_id=to, claimed_at=now)).rowcount == 1
    except IntegrityError as fault:
        raise DeviceSeatedError from fault


def release_all(connection: Connection, key_id: str) -> None:
    """Delete the seats of a key, which cannot be claimed on any more."""
    connection.execute(delete(seats).where(seats.c.key_id == key_id))


def counted(connection: Connection, key_id: str) -> dict[str, int]:
    """Give how many devices sit on each component of a key; those that nobody sits on are left out."""
    of_key = select(seats.c.component_code, func.count()).where(seats.c.key_id == key_id)
    return dict(connection.execute(of_key.group_by(seats.c.component_code)).all())


def move_all(connection: Connection, key_id: str, *, to: str) -> Counter[str]:
    """Put the seats of a key on another that has their components; give how many sit on each now."""
    moved = update(seats).where(seats.c.key_id == key_id).values(key_id=to).returning(seats.c.component_code)
    return Counter(connection.execute(moved).scalars())


def of_key(connection: Connection, key_id: str, wanted: PageWanted) -> Page[Seat]:
    """Give seats of a key, the oldest first."""
    of_this = select(seats).where(seats.c.key_id == key_id)
    rows = read_page(connection, of_this, (seats.c.claimed_at, seats.c.device_id), wanted)
    return Page((Seat(**row) for row in rows), rows.end)


def listed(connection: Connection, filters: Mapping[str, Any]) -> list[Seat]:
    """Give every seat that is like this, by its key, the oldest first."""
    query = select(seats).where(*matching(seats, None, filters))
    rows = connection.execute(query.order_by(seats.c.key_id, seats.c.claimed_at, seats.c.device_id)).mappings()
    return [Seat(**row) for row in rows]


def _terms(row: Mapping[Any, Any]) -> SeatTerms:
    return SeatTerms(
        seat=Seat(**{column.name: row[column.name] for column in seats.columns}),
        features=tuple(row["features"] or ()),
        key_status=KeyStatus(row["status"]),
        renewal_date=row["renewal_date"],
        renewal_window_days=row["renewal_window_days"],
    )
