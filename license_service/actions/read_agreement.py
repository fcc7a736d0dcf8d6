"""Read one agreement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from license_service.domain.errors import AgreementNotFoundError
from license_service.storage import agreements

if TYPE_CHECKING:
    from database.engine import Database
    from license_service.domain.agreement import Agreement


def read_agreement(database: Database, agreement_id: str) -> Agreement:
    """Give the agreement. Raises AgreementNotFoundError."""
    with database.reading() as connection:
        agreement = agreements.by_id(connection, agreement_id)
    if agreement is None:
        raise AgreementNotFoundError
    return agreement
