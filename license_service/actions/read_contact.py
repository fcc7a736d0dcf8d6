"""Read when a device was last in contact, and how its organization's use stands (S1-9 … S1-11)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from license_service.domain.errors import NoSeatError
from license_service.domain.over_count import judged
from license_service.storage import contacts, over_counts

if TYPE_CHECKING:
    from datetime import datetime

    from database.engine import Database
    from license_service.domain.contact import Contact
    from wire.check_in import ComponentUse


@dataclass(frozen=True, slots=True)
class ContactWithUse:
    """A device's contact, and what its whole organization owns against what it uses."""

    contact: Contact
    components: tuple[ComponentUse, ...]


def read_contact(database: Database, device_id: str, *, now: datetime, visible_to: str | None = None) -> ContactWithUse:
    """Give the contact of a device that holds a seat. `visible_to` is the organization of the caller, None for all.

    Raises NoSeatError, in the same words when the device sits in another organization (T44).
    """
    with database.reading() as connection:
        contact = contacts.of_device(connection, device_id, visible_to)
        if contact is None:
            raise NoSeatError
        organization_id = contact.organization_id
        since = {code: at for code, at in over_counts.known(connection, organization_id).items() if at is not None}
        in_use = contacts.seats_in_use(connection, organization_id)
        return ContactWithUse(contact, judged(over_counts.sold(connection, organization_id), in_use, since, now))
