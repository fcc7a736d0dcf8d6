"""Change the ID # of a license key, and nothing else (S2-17, S2-22)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from database.retried import retried
from license_service.storage import license_keys

if TYPE_CHECKING:
    from database.engine import Database
    from license_service.domain.license_key import LicenseKey


@retried
def edit_id_number(
    database: Database, key_id: str, id_number: str, *, expected_version: int | None = None
) -> LicenseKey:
    """Set the ID # and give the key.

    Raises KeyNotFoundError, StaleVersionError, KeyStatusError or IdNumberTakenError.
    """
    with database.transaction() as connection:
        key = license_keys.current(connection, key_id, expected_version)
        key.check_held()
        license_keys.set_id_number(connection, key, id_number)
        return license_keys.current(connection, key_id)
