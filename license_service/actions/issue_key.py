"""Issue a license key from an agreement (S2-5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from database.retried import retried
from license_service.actions.issuing import add_key
from license_service.storage import sites

if TYPE_CHECKING:
    from datetime import datetime

    from database.engine import Database
    from license_service.domain.license_key import KeyTerms, LicenseKey


@retried
def issue_key(database: Database, terms: KeyTerms, *, agreement_id: str, key_id: str, now: datetime) -> LicenseKey:
    """Keep a new key of the agreement's organization and give it.

    Raises AgreementNotFoundError, UnknownProfileError, UnknownComponentError or IdNumberTakenError.
    """
    with database.transaction() as connection:
        key = add_key(connection, terms, agreement_id, key_id=key_id, now=now)
        sites.note_key_change(connection, key.organization_id, now)
        return key
