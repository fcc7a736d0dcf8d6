"""The rows of `seats`, read with what their keys and profiles say of them."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, select, update

from license_service.domain.license_key import KeyStatus
from license_service.domain.seat import Seat, SeatTerms
from license_service.storage.insertion import insert_if_absent
from license_service.storage.tables import license_keys, profile_features, seats

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

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


def of_device(connection: Connection, device_id: str) -> SeatTerms | None:
    """Give the seat of a device, in whatever organization it is, or None."""
    row = connection.execute(_OF_DEVICE, {"device_id": device_id}).mappings().one_or_none()
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


def _terms(row: Mapping[Any, Any]) -> SeatTerms:
    return SeatTerms(
        seat=Seat(**{column.name: row[column.name] for column in seats.columns}),
        features=tuple(row["features"] or ()),
        key_status=KeyStatus(row["status"]),
        renewal_date=row["renewal_date"],
        renewal_window_days=row["renewal_window_days"],
    )
