"""Read what a device may use, as auth_service asks at each refresh (S3-20, S3-21, T27)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from license_service.domain.errors import NoSeatError
from license_service.storage import seats

if TYPE_CHECKING:
    from database.engine import Database
    from license_service.domain.seat import Seat


def read_entitlement(database: Database, *, device_id: str, organization_id: str) -> Seat:
    """Give the device's seat and its license, also when that has expired: the device must be told so (S3-17).

    Raises NoSeatError, in the same words when the device sits in another organization (T44).
    """
    with database.reading() as connection:
        seat = seats.of_device(connection, device_id)
    if seat is None or seat.license.organization_id != organization_id:
        raise NoSeatError
    return seat
