"""Tell the audit trail what happened to the signing keys (T29, T30, T66)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auth_service.domain.audit_event import AuditEvent, AuditEventName
from auth_service.storage.audit_trail import append_event

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from auth_service.domain.key_ring import KeyEvent
    from database.engine import Database


def record_key_events(database: Database, events: Iterable[KeyEvent], *, now: datetime) -> None:
    """Append one event for each, all or none. The keys lie outside the database, so their change stands already.

    Raises DatabaseUnavailableError.
    """
    with database.transaction() as connection:
        for event in events:
            name = AuditEventName(event.kind.value)
            append_event(connection, AuditEvent(name, now, details={"kid": event.kid}))
