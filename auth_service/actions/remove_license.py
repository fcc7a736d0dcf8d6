"""Remove the license of a device at the authorization server (S3-18): its grant ends, the device record stays.

An approval that waits to be redeemed is withdrawn too: else the device would have its license again by the next poll.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auth_service.domain.errors import DeviceUnknownError, NotAllowedError
from auth_service.domain.grant_events import authorization_withdrawn, grant_ended
from auth_service.storage.audit_trail import append_events
from auth_service.storage.device_authorizations import withdraw_of_device
from auth_service.storage.devices import find_device
from auth_service.storage.grants import end_grant_of_device
from wire.end_reason import EndReason

if TYPE_CHECKING:
    from datetime import datetime

    from auth_service.domain.operator import Membership
    from database.engine import Database


def remove_license(database: Database, device_id: str, member: Membership, *, operator_id: str, now: datetime) -> None:
    """End the live grant of a device of this organization, and what would become one; harmless when there is none.

    Raises NotAllowedError or DeviceUnknownError.
    """
    if not member.may_approve:
        raise NotAllowedError("Your role in this organization lets you look, not remove. Ask an owner or approver.")
    with database.transaction() as connection:
        device = find_device(connection, device_id, member.organization_id)
        if device is None:
            raise DeviceUnknownError("There is no such device in this organization.")
        # In this order: who redeems at this moment is waited for here, and the grant that comes of it ends below.
        events = [
            authorization_withdrawn(waiting, EndReason.REMOVED, now, operator_id=operator_id)
            for waiting in withdraw_of_device(connection, device_id, now)
        ]
        ended = end_grant_of_device(connection, device_id, reason=EndReason.REMOVED, now=now)
        if ended is not None:
            events.append(grant_ended(ended, device, EndReason.REMOVED, now, operator_id=operator_id))
        append_events(connection, events)
