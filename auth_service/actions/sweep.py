"""Forget what has had its time: seeds of successors, expired codes, delivered messages, registrations (T17, T57)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from auth_service.domain.audit_event import AuditEvent, AuditEventName
from auth_service.domain.grant import RACE_SECONDS
from auth_service.storage.audit_trail import append_events
from auth_service.storage.device_authorizations import sweep_device_authorizations
from auth_service.storage.grants import erase_seeds
from auth_service.storage.outbox import sweep_outbox
from auth_service.storage.registrations import expire, forget_registrations

if TYPE_CHECKING:
    from datetime import datetime

    from database.engine import Database

CODES_KEPT_DAYS: Final = 1
"""How long an expired code still gets `expired_token`; then it is unknown."""

MESSAGES_KEPT_DAYS: Final = 30

REGISTRATIONS_KEPT_DAYS: Final = 30
"""How long who watches one still reads how it ended."""


def sweep(database: Database, *, now: datetime) -> None:
    """Do one round; each kind in a transaction of its own, so that none waits long for another.

    Raises DatabaseUnavailableError.
    """
    with database.transaction() as connection:
        erase_seeds(connection, now - timedelta(seconds=RACE_SECONDS))
    with database.transaction() as connection:
        sweep_device_authorizations(connection, now - timedelta(days=CODES_KEPT_DAYS))
    with database.transaction() as connection:
        sweep_outbox(connection, now - timedelta(days=MESSAGES_KEPT_DAYS))
    with database.transaction() as connection:
        forget_registrations(connection, now - timedelta(days=REGISTRATIONS_KEPT_DAYS))
        append_events(connection, [_expired(one, now) for one in expire(connection, now)])


def _expired(registration_id: str, now: datetime) -> AuditEvent:
    return AuditEvent(AuditEventName.REGISTRATION_EXPIRED, now, details={"registration_id": registration_id})
