"""Transfer the seat of a device to another device, such as a server that takes its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from database.retried import retried
from license_service.domain.errors import NoSeatError
from license_service.storage import contacts, seats

if TYPE_CHECKING:
    from datetime import datetime

    from database.engine import Database
    from license_service.domain.seat import Seat


@retried
def transfer_seat(
    database: Database, *, device_id: str, to_device_id: str, organization_id: str, now: datetime
) -> Seat:
    """Give the seat, which the other device holds from now on; nobody can take it in between.

    Raises NoSeatError, also when the device sits in another organization (T44), or DeviceSeatedError.
    """
    with database.transaction() as connection:
        if not seats.transfer(connection, device_id, organization_id, to=to_device_id, now=now):
            raise NoSeatError
        contacts.begin(connection, to_device_id, organization_id, now)
        return seats.held_by(connection, to_device_id).seat
