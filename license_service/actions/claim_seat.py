"""Claim a seat for a device, when an operator approves it (T59, F07).

The seat row comes first: it makes claims of the same device wait for each other, so that the second finds the seat of
the first instead of taking another. Then one conditional UPDATE takes the seat; if none can be taken, all is undone.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from typing import TYPE_CHECKING

from license_service.domain.errors import DeviceRefusedError, NoSeatFreeError
from license_service.domain.license import open_to_claims
from license_service.domain.seat import Seat
from license_service.storage import licenses, seats

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from database.engine import Database


def claim_seat(database: Database, *, device_id: str, organization_id: str, now: datetime) -> Seat:
    """Give the device's seat: the one it holds, or a new one on the oldest license that has one free.

    Raises NoLicenseError, LicenseExpiredError, NoSeatFreeError, or DeviceRefusedError when the device sits in another
    organization; then nothing was changed.
    """
    with database.transaction() as connection:
        seat = seats.of_device(connection, device_id) or _claim(connection, device_id, organization_id, now)
        if seat.license.organization_id != organization_id:
            raise DeviceRefusedError
        return seat


def _claim(connection: Connection, device_id: str, organization_id: str, now: datetime) -> Seat:
    candidates = open_to_claims(licenses.of_organization(connection, organization_id), now.astimezone(UTC).date())
    seat = Seat(device_id, candidates[0], now)
    if not seats.add_if_absent(connection, seat):
        return seats.held_by(connection, device_id)
    for candidate in candidates:
        taken = licenses.take_seat(connection, candidate.id)
        if taken is not None:
            seats.place(connection, device_id, taken.id)
            return replace(seat, license=taken)
    raise NoSeatFreeError
