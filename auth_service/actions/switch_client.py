"""Let a client be known no more, or again. Nothing of it is deleted: devices that it was for keep their records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auth_service.domain.audit_event import AuditEvent, AuditEventName
from auth_service.domain.errors import BadInputError
from auth_service.storage.audit_trail import append_event
from auth_service.storage.clients import disable_client, enable_client

if TYPE_CHECKING:
    from datetime import datetime

    from database.engine import Database


def switch_client(database: Database, client_id: str, *, on: bool, now: datetime) -> None:
    """Enable or disable a client. Raises BadInputError when there is none to which that would change anything."""
    with database.transaction() as connection:
        changed = enable_client(connection, client_id) if on else disable_client(connection, client_id, now)
        if changed:
            switched = AuditEventName.CLIENT_ENABLED if on else AuditEventName.CLIENT_DISABLED
            append_event(connection, AuditEvent(switched, now, client_id=client_id))
    if not changed:
        raise BadInputError(f"There is no client of this client_id that is {'disabled' if on else 'enabled'}.")
