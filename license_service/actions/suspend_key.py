"""Suspend a license key: nobody new sits on it, and who sits may not use it until it is reinstated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from database.retried import retried
from license_service.domain.license_key import KeyStatus
from license_service.storage import license_keys, sites

if TYPE_CHECKING:
    from datetime import datetime

    from database.engine import Database
    from license_service.domain.license_key import LicenseKey


@retried
def suspend_key(database: Database, key_id: str, *, now: datetime, expected_version: int | None = None) -> LicenseKey:
    """Suspend the key, and give it. Raises KeyNotFoundError, StaleVersionError or KeyStatusError."""
    with database.transaction() as connection:
        key = license_keys.current(connection, key_id, expected_version)
        license_keys.change(connection, key, status=key.moved_to(KeyStatus.SUSPENDED))
        sites.note_key_change(connection, key.organization_id, now)
        return license_keys.current(connection, key_id)
