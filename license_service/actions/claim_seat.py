"""Claim a seat for a device, when an operator approves it (T59, F07).

The seat row comes first: it makes claims of the same device wait for each other, so that the second finds the seat of
the first instead of taking another. Then one conditional UPDATE takes a unit of the component; if none can be taken,
all is undone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from license_service.domain.catalog import POS_SERVER_COMPONENT
from license_service.domain.claim import why_none_is_open
from license_service.domain.errors import DeviceRefusedError, NoSeatFreeError
from license_service.domain.event import EventKind
from license_service.domain.renewal import today
from license_service.domain.seat import Seat
from license_service.storage import contacts, key_components, license_keys, seats
from license_service.storage.events import record_event

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from database.engine import Database
    from license_service.domain.license_key import OpenKey
    from license_service.domain.seat import SeatTerms


def claim_seat(
    database: Database,
    *,
    device_id: str,
    organization_id: str,
    component_code: str = POS_SERVER_COMPONENT,
    now: datetime,
) -> SeatTerms:
    """Give the device's seat: the one it holds, on whatever component, or a new one on the oldest key with one free.

    Raises NoLicenseError, LicenseExpiredError, LicenseSuspendedError, ComponentNotLicensedError, NoSeatFreeError, or
    DeviceRefusedError when the device sits in another organization; then nothing was changed.
    """
    with database.transaction() as connection:
        held = seats.kept_of_device(connection, device_id)
        if held is None:
            _claim(connection, device_id, organization_id, component_code, now)
            held = seats.held_by(connection, device_id)
        if held.seat.organization_id != organization_id:
            raise DeviceRefusedError
        held.check_usable()
        # What the device redeems next is good for eight days from here.
        contacts.note(connection, device_id, organization_id, now)
        return held


def _claim(connection: Connection, device_id: str, organization_id: str, component_code: str, now: datetime) -> None:
    wanted = (organization_id, component_code, today(now))
    # Asked again: who waited for a key to be replaced does not see the new one in the same statement.
    candidates = license_keys.open_to_claims(connection, *wanted) or license_keys.open_to_claims(connection, *wanted)
    if not candidates:
        raise why_none_is_open(license_keys.listed(connection, organization_id), component_code, now)
    seat = Seat(device_id, candidates[0].id, organization_id, component_code, now)
    if seats.add_if_absent(connection, seat):
        key_id, kinds = _take(connection, candidates, component_code, now)
        seats.place(connection, device_id, key_id)
        _tell(connection, replace(seat, key_id=key_id), kinds)


def _take(
    connection: Connection, candidates: Sequence[OpenKey], component_code: str, now: datetime
) -> tuple[str, tuple[EventKind, ...]]:
    # What is owned anywhere comes before what is over the count anywhere.
    for key in candidates:
        if key_components.take_owned(connection, key.id, component_code):
            return key.id, (EventKind.SEAT_CLAIMED,)
    for key in candidates:
        if key.over_count.percent and key_components.take_over(connection, key, component_code, now):
            return key.id, (EventKind.SEAT_CLAIMED, EventKind.SEAT_OVER)
    raise NoSeatFreeError


def _tell(connection: Connection, seat: Seat, kinds: Sequence[EventKind]) -> None:
    for kind in kinds:
        record_event(
            connection,
            kind=kind,
            organization_id=seat.organization_id,
            subject_id=seat.device_id,
            data={"license_key_id": seat.key_id, "component_code": seat.component_code},
            now=seat.claimed_at,
        )
