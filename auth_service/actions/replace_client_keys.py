"""Give a client other public keys (RFC 7523); what the keys before sign counts no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auth_service.domain.audit_event import AuditEvent, AuditEventName
from auth_service.domain.client_keys import check_client_keys
from auth_service.domain.errors import BadInputError
from auth_service.storage.audit_trail import append_event
from auth_service.storage.clients import change_keys

if TYPE_CHECKING:
    from datetime import datetime

    from database.engine import Database


def replace_client_keys(database: Database, client_id: str, public_keys: str, *, now: datetime) -> None:
    """Put a JWK Set in the place of the client's. Old and new keys may stand in it together while a client changes.

    Raises BadInputError.
    """
    kept = check_client_keys(public_keys)
    with database.transaction() as connection:
        changed = change_keys(connection, client_id, kept)
        if changed:
            name, details = AuditEventName.CLIENT_CHANGED, {"changed": "public_keys"}
            append_event(connection, AuditEvent(name, now, client_id=client_id, details=details))
    if not changed:
        raise BadInputError("There is no client of this client_id that has keys.")
