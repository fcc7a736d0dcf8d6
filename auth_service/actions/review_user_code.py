"""Look up what a user code stands for, so that an operator can see it before deciding (RFC 8628 §3.3, §5.4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from auth_service.domain.errors import DeviceUnknownError, NotAllowedError, UserCodeUnknownError
from auth_service.domain.secret_digest import keyed_digest
from auth_service.domain.user_code import normal_user_code
from auth_service.storage.clients import find_client
from auth_service.storage.device_authorizations import find_by_user_code
from auth_service.storage.devices import find_device
from auth_service.storage.grants import live_since

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from auth_service.domain.device import Device
    from auth_service.domain.device_authorization import DeviceAuthorization
    from auth_service.domain.operator import Membership
    from database.engine import Database


@dataclass(frozen=True, slots=True)
class Review:
    """What an operator decides about; `user_code` is in its normal form."""

    user_code: str
    device: Device
    authorization: DeviceAuthorization
    client_name: str
    authorized_since: datetime | None
    """When another machine was authorized as this device, which loses the license by this approval."""


def review_user_code(
    database: Database, entered: str, *, device_id: str, member: Membership, user_code_key: bytes, now: datetime
) -> Review:
    """Give the live device authorization of a user code, and the device that it would license.

    Raises NotAllowedError, DeviceUnknownError or UserCodeUnknownError, in this order.
    """
    if not member.may_approve:
        raise NotAllowedError("Your role in this organization lets you look, not authorize. Ask an owner or approver.")
    user_code = normal_user_code(entered)
    with database.reading() as connection:
        device = find_device(connection, device_id, member.organization_id)
        if device is None:
            raise DeviceUnknownError("Choose a device of this organization from the list.")
        authorization = None if user_code is None else _find(connection, user_code, user_code_key)
        if user_code is None or authorization is None or not authorization.is_live(now):
            raise UserCodeUnknownError(
                "No device is waiting with this code. Compare it with the Manage License page. If it is used, or older "
                "than 15 minutes, get a new one there: choose Start over, or Next."
            )
        client = find_client(connection, authorization.client_id)
        authorized_since = live_since(connection, device.id)
    return Review(
        user_code=user_code,
        device=device,
        authorization=authorization,
        client_name=authorization.client_id if client is None else client.name,
        authorized_since=authorized_since,
    )


def _find(connection: Connection, user_code: str, user_code_key: bytes) -> DeviceAuthorization | None:
    return find_by_user_code(connection, keyed_digest(user_code, user_code_key))
