"""Record an agreement that was signed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from database.retried import retried
from license_service.domain.errors import AgreementNumberTakenError
from license_service.storage import agreements

if TYPE_CHECKING:
    from database.engine import Database
    from license_service.domain.agreement import Agreement


@retried
def record_agreement(database: Database, agreement: Agreement) -> None:
    """Keep the agreement. Raises AgreementNumberTakenError."""
    with database.transaction() as connection:
        if not agreements.add(connection, agreement):
            raise AgreementNumberTakenError
