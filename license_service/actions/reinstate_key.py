"""Reinstate a license key that was suspended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from database.retried import retried
from license_service.domain.event import EventKind
from license_service.domain.license_key import KeyStatus
from license_service.storage import license_keys, sites
from license_service.storage.events import record_key_event

if TYPE_CHECKING:
    from datetime import datetime

    from database.engine import Database
    from license_service.domain.license_key import LicenseKey


@retried
def reinstate_key(database: Database, key_id: str, *, now: datetime, expected_version: int | None = None) -> LicenseKey:
    """Make the key active again, and give it. Raises KeyNotFoundError, StaleVersionError or KeyStatusError."""
    with database.transaction() as connection:
        key = license_keys.current(connection, key_id, expected_version)
        license_keys.change(connection, key, status=key.moved_to(KeyStatus.ACTIVE))
        reinstated = license_keys.current(connection, key_id)
        record_key_event(connection, EventKind.LICENSE_ACTIVATED, reinstated, now)
        sites.note_key_change(connection, key.organization_id, now)
        return reinstated
