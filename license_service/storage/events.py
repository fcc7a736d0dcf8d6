"""The rows of `webhook_events`: what happened, written in the transaction of the change that it tells about.

An event that no endpoint asks for is not kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from sqlalchemy import insert, select

from license_service.domain.event import event_body
from license_service.domain.webhook import DeliveryStatus, EndpointStatus
from license_service.storage.tables import webhook_deliveries, webhook_endpoints, webhook_events

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Connection

    from license_service.domain.event import EventKind
    from license_service.domain.license_key import LicenseKey

# FOR KEY SHARE: an endpoint that is being deleted is waited for on PostgreSQL, so that no change that has something to
# tell can fail by it.
_LISTENING: Final = (
    select(webhook_endpoints.c.id, webhook_endpoints.c.event_kinds)
    .where(webhook_endpoints.c.status == EndpointStatus.ENABLED)
    .with_for_update(read=True, key_share=True)
)
_ADD_EVENT: Final = insert(webhook_events)
_ADD_DELIVERY: Final = insert(webhook_deliveries)


def record_event(
    connection: Connection,
    *,
    kind: EventKind,
    organization_id: str,
    subject_id: str,
    data: Mapping[str, Any],
    now: datetime,
) -> None:
    """Note that something happened, and what is to be delivered of it; a change that is undone undoes this too.

    `data` is what JSON knows; the organization and the subject are said anyway.
    """
    wanted_by = [row.id for row in connection.execute(_LISTENING) if kind in row.event_kinds]
    if not wanted_by:
        return
    body = event_body(kind, organization_id=organization_id, subject_id=subject_id, data=data, at=now)
    event = {"id": str(uuid4()), "kind": kind, "body": body, "created_at": now}
    connection.execute(_ADD_EVENT, event)
    connection.execute(_ADD_DELIVERY, [_delivery(event["id"], endpoint_id, now) for endpoint_id in wanted_by])


def record_key_event(connection: Connection, kind: EventKind, key: LicenseKey, now: datetime) -> None:
    """Note what happened to a license key, with what is to be known of it; else as record_event."""
    data = {
        "id_number": key.id_number,
        "profile_code": key.profile_code,
        "components": {each.component_code: each.seats for each in key.components},
        "renewal_date": None if key.renewal_date is None else key.renewal_date.isoformat(),
    }
    record_event(connection, kind=kind, organization_id=key.organization_id, subject_id=key.id, data=data, now=now)


def _delivery(event_id: object, endpoint_id: str, now: datetime) -> dict[str, Any]:
    return {
        "event_id": event_id,
        "endpoint_id": endpoint_id,
        "status": DeliveryStatus.PENDING,
        "attempts": 0,
        "next_attempt_at": now,
        "created_at": now,
    }
