"""What the audit trail tells of a grant's life (T23, T66)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from auth_service.domain.audit_event import AuditEvent, AuditEventName
from wire.end_reason import EndReason

if TYPE_CHECKING:
    from datetime import datetime

    from auth_service.domain.audit_event import Detail
    from auth_service.domain.device import Device
    from auth_service.domain.device_authorization import DeviceAuthorization
    from auth_service.domain.grant import Grant


def authorization_withdrawn(
    authorization: DeviceAuthorization, reason: str, now: datetime, *, operator_id: str | None = None
) -> AuditEvent:
    """Tell of an approval that ended before it was redeemed."""
    return AuditEvent(
        AuditEventName.DEVICE_AUTHORIZATION_WITHDRAWN,
        now,
        organization_id=authorization.organization_id,
        operator_id=operator_id,
        device_id=authorization.device_id,
        client_id=authorization.client_id,
        details={"device_authorization_id": authorization.id, "reason": reason},
    )


def device_code_redeemed(grant: Grant, authorization: DeviceAuthorization, now: datetime) -> AuditEvent:
    """Tell of a new grant."""
    details: dict[str, Detail] = {
        "device_authorization_id": authorization.id,
        "is_key_bound": grant.dpop_jkt is not None,
    }
    return _of_grant(AuditEventName.DEVICE_CODE_REDEEMED, grant, now, details)


def site_connected(grant: Grant, operator_id: str, now: datetime) -> AuditEvent:
    """Tell of a new grant that nobody approved: the site showed the details of its Group and of this owner."""
    event = _of_grant(AuditEventName.SITE_CONNECTED, grant, now, {"is_key_bound": grant.dpop_jkt is not None})
    return replace(event, operator_id=operator_id)


def grant_ended(
    grant_id: str, device: Device, reason: str, now: datetime, *, operator_id: str | None = None
) -> AuditEvent:
    """Tell of a grant that ended, but not by reuse."""
    return AuditEvent(
        AuditEventName.GRANT_ENDED,
        now,
        organization_id=device.organization_id,
        operator_id=operator_id,
        device_id=device.id,
        details={"grant_id": grant_id, "reason": reason},
    )


def grant_reused(grant: Grant, reason: EndReason, address: str, now: datetime) -> AuditEvent:
    """Tell that a code or token of this grant came again from `address`, by which the grant ended."""
    code = reason is EndReason.DEVICE_CODE_REUSED
    name = AuditEventName.DEVICE_CODE_REUSED if code else AuditEventName.REFRESH_TOKEN_REUSED
    return _of_grant(name, grant, now, {"address": address})


def _of_grant(name: AuditEventName, grant: Grant, now: datetime, details: dict[str, Detail]) -> AuditEvent:
    return AuditEvent(
        name,
        now,
        organization_id=grant.device.organization_id,
        device_id=grant.device.id,
        client_id=grant.client_id,
        details={"grant_id": grant.id, **details},
    )
