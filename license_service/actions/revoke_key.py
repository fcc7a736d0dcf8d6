"""Revoke a license key for good, and release the seats that are taken on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from database.retried import retried
from license_service.domain.license_key import KeyStatus
from license_service.storage import key_components, license_keys, seats, sites

if TYPE_CHECKING:
    from datetime import datetime

    from database.engine import Database
    from license_service.domain.license_key import LicenseKey


@retried
def revoke_key(database: Database, key_id: str, *, now: datetime, expected_version: int | None = None) -> LicenseKey:
    """Revoke the key, and give it. Raises KeyNotFoundError, StaleVersionError or KeyStatusError."""
    with database.transaction() as connection:
        key = license_keys.current(connection, key_id, expected_version)
        # The key first: it waits for claims that are under way, and no other begins.
        license_keys.change(connection, key, status=key.moved_to(KeyStatus.REVOKED))
        seats.release_all(connection, key_id)
        key_components.set_claimed(connection, key_id, {})
        sites.note_key_change(connection, key.organization_id, now)
        return license_keys.current(connection, key_id)
