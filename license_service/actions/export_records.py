"""Give the records of an organization, or of all, as a whole: what was sold, who sits on it, and how it is used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from license_service.domain.page import EVERYTHING
from license_service.storage import access_groups, agreements, license_keys, seats

if TYPE_CHECKING:
    from collections.abc import Sequence

    from database.engine import Database
    from license_service.domain.access_group import AccessGroup
    from license_service.domain.agreement import Agreement
    from license_service.domain.license_key import LicenseKey
    from license_service.domain.seat import Seat


@dataclass(frozen=True, slots=True)
class Records:
    """Each in the order of its list; seats by key and age."""

    agreements: Sequence[Agreement]
    license_keys: Sequence[LicenseKey]
    seats: Sequence[Seat]
    access_groups: Sequence[AccessGroup]


def export_records(database: Database, *, organization_id: str | None = None) -> Records:
    """Give the records of one organization, or of all when none is named; each list as it is when it is read."""
    of_one = {"organization_id": organization_id}
    with database.reading() as connection:
        return Records(
            agreements=agreements.listed(connection, of_one, EVERYTHING),
            license_keys=license_keys.listed(connection, filters=of_one),
            seats=seats.listed(connection, of_one),
            access_groups=access_groups.listed(connection, filters=of_one),
        )
