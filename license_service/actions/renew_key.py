"""Renew a license key in place, on or before its renewal date (S3-16); after it, replace it (S3-17)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from database.retried import retried
from license_service.domain.event import EventKind
from license_service.domain.renewal import check_renewable
from license_service.storage import license_keys, sites
from license_service.storage.events import record_key_event

if TYPE_CHECKING:
    from datetime import date, datetime

    from database.engine import Database
    from license_service.domain.license_key import LicenseKey


@retried
def renew_key(
    database: Database, key_id: str, renewal_date: date | None, *, now: datetime, expected_version: int | None = None
) -> LicenseKey:
    """Let the key last until `renewal_date`, None for ever, and give it.

    Raises KeyNotFoundError, StaleVersionError, KeyStatusError, KeyEndedError or RenewalDateError.
    """
    with database.transaction() as connection:
        key = license_keys.current(connection, key_id, expected_version)
        key.check_held()
        check_renewable(key, renewal_date, now)
        license_keys.change(connection, key, renewal_date=renewal_date)
        renewed = license_keys.current(connection, key_id)
        record_key_event(connection, EventKind.LICENSE_RENEWED, renewed, now)
        sites.note_key_change(connection, key.organization_id, now)
        return renewed
