"""Adding a key to what an agreement has yielded: a part of issuing one and of replacing one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from license_service.domain.errors import AgreementNotFoundError, IdNumberTakenError
from license_service.domain.event import EventKind
from license_service.domain.license_key import issued
from license_service.storage import agreements, catalog, license_keys
from license_service.storage.events import record_key_event

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from license_service.domain.license_key import KeyTerms, LicenseKey


def add_key(connection: Connection, terms: KeyTerms, agreement_id: str, *, key_id: str, now: datetime) -> LicenseKey:
    """Keep a new key of the agreement's organization and give it. Raises as issue_key."""
    agreement = agreements.by_id(connection, agreement_id)
    if agreement is None:
        raise AgreementNotFoundError
    catalog.check_known(connection, terms.profile_code, terms.seats)
    key = issued(terms, agreement, key_id=key_id, now=now)
    if not license_keys.add(connection, key):
        raise IdNumberTakenError
    record_key_event(connection, EventKind.LICENSE_ACTIVATED, key, now)
    return key
