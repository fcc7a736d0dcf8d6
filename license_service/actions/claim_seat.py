"""Claim a seat for a device, when an operator approves it (T59, F07).

The seat row comes first: it makes claims of the same device wait for each other, so that the second finds the seat of
the first instead of taking another. Then one conditional UPDATE takes a unit of the component; if none can be taken,
all is undone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from database.retried import retried
from license_service.domain.catalog import POS_SERVER_COMPONENT
from license_service.domain.claim import why_none_is_open
from license_service.domain.errors import DeviceRefusedError, NoSeatFreeError
from license_service.domain.event import EventKind, over_data
from license_service.domain.renewal import today
from license_service.domain.seat import Seat
from license_service.storage import contacts, key_components, license_keys, seats
from license_service.storage.events import record_event
from wire.check_in import ComponentUse, OverCountOutcome

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from database.engine import Database
    from license_service.domain.license_key import LicenseKey, OpenKey
    from license_service.domain.seat import SeatTerms


@retried
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
        key_id, over = _take(connection, candidates, component_code, now)
        seats.place(connection, device_id, key_id)
        _tell(connection, replace(seat, key_id=key_id), over)


def _take(
    connection: Connection, candidates: Sequence[OpenKey], component_code: str, now: datetime
) -> tuple[str, ComponentUse | None]:
    """Give the key that the device sits on, and how many do where it is more than are owned."""
    # What is owned anywhere comes before what is over the count anywhere.
    for key in candidates:
        if key_components.take_owned(connection, key.id, component_code):
            return key.id, None
    for key in candidates:
        if key.over_count.percent and key_components.take_over(connection, key, component_code, now):
            return key.id, _over(license_keys.current(connection, key.id), component_code)
    raise NoSeatFreeError


def _over(key: LicenseKey, component_code: str) -> ComponentUse:
    [component] = [each for each in key.components if each.component_code == component_code]
    since = component.over_count_since
    until = key.over_count.ends_at(since)
    return ComponentUse(
        component_code, component.seats, component.seats_claimed, OverCountOutcome.ALLOWED, since, until
    )


def _tell(connection: Connection, seat: Seat, over: ComponentUse | None) -> None:
    sits = {"license_key_id": seat.key_id, "component_code": seat.component_code}
    told = {EventKind.SEAT_CLAIMED: sits}
    if over is not None:
        told[EventKind.SEAT_OVER] = over_data(over, license_key_id=seat.key_id)
    for kind, data in told.items():
        record_event(
            connection,
            kind=kind,
            organization_id=seat.organization_id,
            subject_id=seat.device_id,
            data=data,
            now=seat.claimed_at,
        )
