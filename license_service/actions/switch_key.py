"""Switch a license key to another profile or other components (S2-6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from database.retried import retried
from license_service.domain.errors import KeyStatusError, SeatsInUseError
from license_service.domain.license_key import KeyComponent, KeyStatus
from license_service.storage import catalog, key_components, license_keys, sites

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Connection

    from database.engine import Database
    from license_service.domain.license_key import LicenseKey


@retried
def switch_key(
    database: Database,
    key_id: str,
    *,
    profile_code: str,
    seats: Mapping[str, int],
    now: datetime,
    expected_version: int | None = None,
) -> LicenseKey:
    """Set the profile and the numbers of seats by component, and give the key; a component that is not named goes.

    Raises KeyNotFoundError, StaleVersionError, KeyStatusError, UnknownProfileError, UnknownComponentError, or
    SeatsInUseError when more devices sit on a component than it would have seats; then nothing was changed.
    """
    with database.transaction() as connection:
        key = license_keys.current(connection, key_id, expected_version)
        if key.status is not KeyStatus.ACTIVE:
            raise KeyStatusError
        catalog.check_known(connection, profile_code, seats)
        # The key first: it waits for claims that are under way, and no other begins.
        license_keys.change(connection, key, profile_code=profile_code)
        _switch_components(connection, key, seats)
        sites.note_key_change(connection, key.organization_id, now)
        return license_keys.current(connection, key_id)


def _switch_components(connection: Connection, key: LicenseKey, seats: Mapping[str, int]) -> None:
    before = {component.component_code for component in key.components}
    key_components.add(connection, key.id, [KeyComponent(code, seats[code]) for code in sorted(seats.keys() - before)])
    kept = all(
        key_components.set_seats(connection, key.id, code, seats[code]) for code in sorted(seats.keys() & before)
    )
    if not kept or not all(key_components.remove(connection, key.id, code) for code in sorted(before - seats.keys())):
        raise SeatsInUseError
