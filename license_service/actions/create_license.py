"""Record a license that was sold."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from license_service.domain.license import License
from license_service.storage import licenses

if TYPE_CHECKING:
    from datetime import datetime

    from database.engine import Database
    from license_service.domain.license import LicenseTerms


def create_license(database: Database, terms: LicenseTerms, *, license_id: str, now: datetime) -> License:
    record = License(**asdict(terms), id=license_id, seats_claimed=0, created_at=now)
    with database.transaction() as connection:
        licenses.add(connection, record)
    return record
