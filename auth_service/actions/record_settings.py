"""Tell the audit trail when the service starts with other settings than the last time (T66).

What the settings' repr hides is secret, and is neither recorded nor compared.
"""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from auth_service.domain.audit_event import AuditEvent, AuditEventName, chain_event
from auth_service.storage.audit_trail import append_event, lock_trail, newest_event

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from auth_service.settings import Settings
    from database.engine import Database


def record_settings(database: Database, settings: Settings, *, now: datetime) -> bool:
    """Append one event if they differ from those recorded last; many workers that start together make one.

    Raises DatabaseUnavailableError.
    """
    event = AuditEvent(AuditEventName.SETTINGS_CHANGED, now, details=_shown(settings))
    with database.reading() as connection:
        if _is_recorded(connection, event):
            return False
    with database.transaction() as connection:
        # Nobody else appends from here on, so the newest stays the newest.
        lock_trail(connection)
        if _is_recorded(connection, event):
            return False
        append_event(connection, event)
    return True


def _shown(settings: Settings) -> dict[str, str]:
    return {field.name: str(getattr(settings, field.name)) for field in fields(settings) if field.repr}


def _is_recorded(connection: Connection, event: AuditEvent) -> bool:
    newest = newest_event(connection, event.name)
    return newest is not None and newest.details == chain_event(event, sequence=1, previous_hash="").details
