"""Approve a device authorization for a device (RFC 8628 §3.3; S3-6, S3-10, S3-13)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from auth_service.domain.audit_event import AuditEvent, AuditEventName
from auth_service.domain.errors import AlreadyDecidedError
from auth_service.storage.audit_trail import append_event
from auth_service.storage.device_authorizations import approve

if TYPE_CHECKING:
    from datetime import datetime

    from auth_service.actions.review_user_code import Review
    from auth_service.domain.operator import Membership, Operator
    from auth_service.outbound.license_api import LicenseApi
    from auth_service.outbound.owners_mail import OwnersMail
    from database.engine import Database
    from wire.entitlement import Entitlement


@dataclass(frozen=True, slots=True)
class Decision:
    """Who decides about what."""

    review: Review
    operator: Operator
    member: Membership

    def as_event(self, name: AuditEventName, now: datetime) -> AuditEvent:
        """Give the event of the audit trail that tells of this decision."""
        authorization = self.review.authorization
        return AuditEvent(
            name,
            now,
            organization_id=self.member.organization_id,
            operator_id=self.operator.id,
            device_id=self.review.device.id,
            client_id=authorization.client_id,
            details={"device_authorization_id": authorization.id, "requested_from": authorization.requested_from},
        )


def authorize_device(
    database: Database, licenses: LicenseApi, decision: Decision, *, mail: OwnersMail, now: datetime
) -> None:
    """Claim the seat, approve, and write the owners' emails into the outbox; the approval is one conditional move.

    The seat is claimed before: a poll must never wait for another service. Claiming again costs nothing.

    Raises NoLicenseError, LicenseServiceAwayError, AlreadyDecidedError or DatabaseUnavailableError; then nothing
    was approved.
    """
    device = decision.review.device
    entitlement = licenses.claim_seat(device.id, device.organization_id)
    with database.transaction() as connection:
        approved = approve(
            connection,
            decision.review.authorization.id,
            device_id=device.id,
            organization_id=device.organization_id,
            operator_id=decision.operator.id,
            entitlement=entitlement,
            now=now,
        )
        if not approved:
            raise AlreadyDecidedError("This code was decided by someone else, or it has expired.")
        context = _context(decision, entitlement, now)
        mail.write(connection, decision.member.organization_id, "device_authorized", context, now)
        append_event(connection, decision.as_event(AuditEventName.DEVICE_AUTHORIZATION_APPROVED, now))


def _context(decision: Decision, entitlement: Entitlement, now: datetime) -> dict[str, Any]:
    return {
        "organization_name": decision.member.organization_name,
        "device_name": decision.review.device.name,
        "device_id": decision.review.device.id,
        "operator_name": decision.operator.name,
        "authorized_at": now.isoformat(),
        "features": list(entitlement.features),
        "requested_from": decision.review.authorization.requested_from,
    }
