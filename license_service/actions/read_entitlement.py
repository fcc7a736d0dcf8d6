"""Read what a device may use, as auth_service asks at each refresh (S3-20, S3-21, T27)."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from database.errors import DatabaseUnavailableError
from license_service.domain.contact import worth_noting
from license_service.domain.errors import NoSeatError
from license_service.storage import contacts, seats

if TYPE_CHECKING:
    from datetime import datetime

    from database.engine import Database
    from license_service.domain.seat import SeatTerms

_log = logging.getLogger(__name__)


def read_entitlement(database: Database, *, device_id: str, organization_id: str, now: datetime) -> SeatTerms:
    """Give the device's seat and its terms, also when its key has expired: the device must be told so (S3-17).

    It is a contact of the device, noted now and then. Raises LicenseSuspendedError, or NoSeatError, in the same words
    when the device sits in another organization (T44).
    """
    with database.reading() as connection:
        held = seats.of_device(connection, device_id)
        last_contact_at = contacts.last_contact_at(connection, device_id)
    if held is None or held.seat.organization_id != organization_id:
        raise NoSeatError
    held.check_usable()
    if worth_noting(last_contact_at, now):
        _note(database, device_id, now)
    return held


def _note(database: Database, device_id: str, now: datetime) -> None:
    try:
        with database.transaction() as connection:
            held = seats.kept_of_device(connection, device_id)
            if held is not None:
                contacts.note(connection, device_id, held.seat.organization_id, now)
    except DatabaseUnavailableError as fault:
        # A refresh that can be answered is answered (F27); its contact is noted with the next.
        _log.warning("a contact could not be noted", extra={"device_id": device_id, "reason": str(fault)})
