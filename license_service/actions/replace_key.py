"""Replace a license key by a new one of the same agreement, on which its devices go on sitting (S2-24, S3-17)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from database.retried import retried
from license_service.actions.issuing import add_key
from license_service.domain.errors import SeatsInUseError
from license_service.domain.license_key import KeyStatus
from license_service.storage import key_components, license_keys, seats, sites

if TYPE_CHECKING:
    from datetime import datetime

    from database.engine import Database
    from license_service.domain.license_key import KeyTerms, LicenseKey


@retried
def replace_key(
    database: Database,
    key_id: str,
    terms: KeyTerms,
    *,
    new_key_id: str,
    now: datetime,
    expected_version: int | None = None,
) -> LicenseKey:
    """Give the new key, with every seat of the old one on it.

    Raises KeyNotFoundError, StaleVersionError, KeyStatusError, UnknownProfileError, UnknownComponentError,
    IdNumberTakenError, or SeatsInUseError when more devices sit than the new key has seats; then nothing was changed.
    """
    with database.transaction() as connection:
        key = license_keys.current(connection, key_id, expected_version)
        status = key.moved_to(KeyStatus.REPLACED)
        add_key(connection, terms, key.agreement_id, key_id=new_key_id, now=now)
        # Then the old key: it waits for claims that are under way, and no other begins.
        license_keys.change(connection, key, status=status, replaced_by=new_key_id)
        if any(terms.seats.get(code, 0) < count for code, count in seats.counted(connection, key_id).items()):
            raise SeatsInUseError
        key_components.set_claimed(connection, new_key_id, seats.move_all(connection, key_id, to=new_key_id))
        key_components.set_claimed(connection, key_id, {})
        sites.note_key_change(connection, key.organization_id, now)
        return license_keys.current(connection, new_key_id)
