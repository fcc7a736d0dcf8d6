"""Read one license."""

from __future__ import annotations

from typing import TYPE_CHECKING

from license_service.domain.errors import LicenseNotFoundError
from license_service.storage import licenses

if TYPE_CHECKING:
    from database.engine import Database
    from license_service.domain.license import License


def read_license(database: Database, license_id: str) -> License:
    """Give the license. Raises LicenseNotFoundError."""
    with database.reading() as connection:
        record = licenses.by_id(connection, license_id)
    if record is None:
        raise LicenseNotFoundError
    return record
