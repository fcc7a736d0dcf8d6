"""Release the seat of a device: somebody else may have it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from database.retried import retried
from license_service.domain.errors import NoSeatError
from license_service.storage import key_components, seats

if TYPE_CHECKING:
    from database.engine import Database


@retried
def release_seat(database: Database, *, device_id: str, organization_id: str) -> None:
    """Take the device off its seat. Raises NoSeatError, also when it sits in another organization (T44)."""
    with database.transaction() as connection:
        seat = seats.release(connection, device_id, organization_id)
        if seat is None:
            raise NoSeatError
        key_components.give_back(connection, seat.key_id, seat.component_code)
