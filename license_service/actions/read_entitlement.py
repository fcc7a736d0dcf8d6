"""Read what a device may use, as auth_service asks at each refresh (S3-20, S3-21, T27)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from license_service.domain.errors import NoSeatError
from license_service.storage import seats

if TYPE_CHECKING:
    from database.engine import Database
    from license_service.domain.seat import SeatTerms


def read_entitlement(database: Database, *, device_id: str, organization_id: str) -> SeatTerms:
    """Give the device's seat and its terms, also when its key has expired: the device must be told so (S3-17).

    Raises LicenseSuspendedError, or NoSeatError, in the same words when the device sits in another organization (T44).
    """
    with database.reading() as connection:
        held = seats.of_device(connection, device_id)
    if held is None or held.seat.organization_id != organization_id:
        raise NoSeatError
    held.check_usable()
    return held
