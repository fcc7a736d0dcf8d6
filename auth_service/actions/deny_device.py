"""Deny a device authorization (RFC 8628 §3.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auth_service.domain.audit_event import AuditEventName
from auth_service.domain.errors import AlreadyDecidedError
from auth_service.storage.audit_trail import append_event
from auth_service.storage.device_authorizations import deny

if TYPE_CHECKING:
    from datetime import datetime

    from auth_service.actions.authorize_device import Decision
    from auth_service.outbound.owners_mail import OwnersMail
    from database.engine import Database


def deny_device(database: Database, decision: Decision, *, mail: OwnersMail, now: datetime) -> None:
    """Deny, by one conditional move, and write the owners' emails into the outbox.

    Raises AlreadyDecidedError or DatabaseUnavailableError.
    """
    with database.transaction() as connection:
        denied = deny(
            connection,
            decision.review.authorization.id,
            organization_id=decision.member.organization_id,
            operator_id=decision.operator.id,
            now=now,
        )
        if denied:
            mail.write(connection, decision.member.organization_id, "device_denied", _context(decision, now), now)
            append_event(connection, decision.as_event(AuditEventName.DEVICE_AUTHORIZATION_DENIED, now))
    if not denied:
        raise AlreadyDecidedError("This code was decided by someone else, or it has expired.")


def _context(decision: Decision, now: datetime) -> dict[str, Any]:
    return {
        "organization_name": decision.member.organization_name,
        "device_name": decision.review.device.name,
        "device_id": decision.review.device.id,
        "operator_name": decision.operator.name,
        "denied_at": now.isoformat(),
        "requested_from": decision.review.authorization.requested_from,
    }
