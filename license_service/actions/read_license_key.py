"""Read one license key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from license_service.domain.errors import KeyNotFoundError
from license_service.storage import license_keys

if TYPE_CHECKING:
    from database.engine import Database
    from license_service.domain.license_key import LicenseKey


def read_license_key(database: Database, key_id: str, *, visible_to: str | None = None) -> LicenseKey:
    """Give the license key. Raises KeyNotFoundError, also when it is not of the organization that it is visible to."""
    with database.reading() as connection:
        key = license_keys.by_id(connection, key_id, visible_to)
    if key is None:
        raise KeyNotFoundError
    return key
