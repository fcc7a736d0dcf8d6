"""Give a client a new secret; the one before counts no more (RFC 6749 §2.3.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auth_service.domain.audit_event import AuditEvent, AuditEventName
from auth_service.domain.errors import BadInputError
from auth_service.domain.secret_digest import digest, new_secret
from auth_service.storage.audit_trail import append_event
from auth_service.storage.clients import change_secret

if TYPE_CHECKING:
    from datetime import datetime

    from database.engine import Database


def rotate_client_secret(database: Database, client_id: str, *, now: datetime) -> str:
    """Give the new secret, shown this once. Raises BadInputError when the client has none."""
    secret = new_secret()
    with database.transaction() as connection:
        changed = change_secret(connection, client_id, digest(secret))
        if changed:
            name, details = AuditEventName.CLIENT_CHANGED, {"changed": "client_secret"}
            append_event(connection, AuditEvent(name, now, client_id=client_id, details=details))
    if not changed:
        raise BadInputError("There is no client of this client_id that has a secret.")
    return secret
