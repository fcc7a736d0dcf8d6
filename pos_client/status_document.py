"""The JSON that `tillpass-pos` prints for scripts; absent things are null, instants are ISO 8601 in UTC."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pos_client.device_state import DeviceState
    from pos_client.stored_state import PendingAuthorization


def status_document(state: DeviceState) -> dict[str, Any]:
    """Give what is known about the license; no secret is in it but the User Code, which is there to be shown."""
    return {
        "active": state.active,
        "license": _license_document(state),
        "unverified": state.unverified,
        "last_contact_at": state.last_contact_at.isoformat() if state.last_contact_at else None,
        "authorization_ended": state.authorization_ended,
        "ended_reason": state.ended_reason,
        "clock_fault": state.clock.fault.value if state.clock.fault else None,
        "pending": pending_document(state.pending) if state.pending and not state.pending_expired else None,
    }


def pending_document(pending: PendingAuthorization) -> dict[str, Any]:
    """Give what the operator needs; the device_code stays here (RFC 8628 §3.2)."""
    return {
        "user_code": pending.user_code,
        "verification_uri": pending.verification_uri,
        "verification_uri_complete": pending.verification_uri_complete,
        "expires_at": pending.expires_at.isoformat(),
        "interval": pending.pace.interval_seconds,
    }


def _license_document(state: DeviceState) -> dict[str, Any] | None:
    if state.license is None:
        return None
    claims = state.license.claims
    return {
        "status": state.license.status.value,
        "server_id": claims.sub,
        "renewal_date": claims.renewal_date.isoformat() if claims.renewal_date else None,
        "features": list(claims.features),
        "hub_server_name": claims.hub_server_name,
        "hub_server_url": claims.hub_server_url,
        "token_expiry": state.license.token_expires_at.isoformat(),
        "token_status": state.license.token_status.value,
        "days_left": state.license.days_left,
    }
