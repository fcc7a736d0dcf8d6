"""Look up what a user code stands for, so that an operator can see it before deciding (RFC 8628 §3.3, §5.4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from auth_service.domain.audit_event import AuditEvent, AuditEventName
from auth_service.domain.errors import DeviceUnknownError, NotAllowedError, UserCodeUnknownError
from auth_service.domain.limit import USER_CODE
from auth_service.domain.secret_digest import keyed_digest
from auth_service.domain.user_code import normal_user_code
from auth_service.storage.audit_trail import append_event
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
    from auth_service.storage.limiter import Limiter
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


@dataclass(frozen=True, slots=True)
class UserCodes:
    """Where user codes are looked up, under which key, and the limiter that no road goes around (T02)."""

    database: Database
    key: bytes = field(repr=False)
    limiter: Limiter


@dataclass(frozen=True, slots=True)
class Entry:
    """What an operator entered for which device, and who it was, from which address."""

    user_code: str
    device_id: str
    member: Membership
    operator_id: str
    address: str


def review_user_code(codes: UserCodes, entry: Entry, *, now: datetime) -> Review:
    """Give the live device authorization of a user code, and the device that it would license.

    This is the one way from a user code to anything: each look-up of a code that is unknown, malformed, decided or
    expired counts (T01, T02).

    Raises NotAllowedError, DeviceUnknownError, TooManyRequestsError or UserCodeUnknownError, in this order.
    """
    if not entry.member.may_approve:
        raise NotAllowedError("Your role in this organization lets you look, not authorize. Ask an owner or approver.")
    with codes.database.reading() as connection:
        device = find_device(connection, entry.device_id, entry.member.organization_id)
    if device is None:
        raise DeviceUnknownError("Choose a device of this organization from the list.")
    asker = (entry.operator_id, entry.operator_id, entry.address, "all")
    try:
        with codes.limiter.count_failure(USER_CODE, asker, now=now), codes.database.reading() as connection:
            user_code, authorization = _find_live(connection, codes, entry.user_code, now)
            client = find_client(connection, authorization.client_id)
            authorized_since = live_since(connection, device.id)
    except UserCodeUnknownError:
        _record_refusal(codes.database, entry, now)
        raise
    return Review(
        user_code=user_code,
        device=device,
        authorization=authorization,
        client_name=authorization.client_id if client is None else client.name,
        authorized_since=authorized_since,
    )


def _record_refusal(database: Database, entry: Entry, now: datetime) -> None:
    refused = AuditEvent(
        AuditEventName.USER_CODE_REFUSED,
        now,
        organization_id=entry.member.organization_id,
        operator_id=entry.operator_id,
        device_id=entry.device_id,
        details={"address": entry.address},
    )
    with database.transaction() as connection:
        append_event(connection, refused)


def _find_live(
    connection: Connection, codes: UserCodes, entered: str, now: datetime
) -> tuple[str, DeviceAuthorization]:
    user_code = normal_user_code(entered)
    if user_code is not None:
        authorization = find_by_user_code(connection, keyed_digest(user_code, codes.key))
        if authorization is not None and authorization.is_live(now):
            return user_code, authorization
    raise UserCodeUnknownError(
        "No device is waiting with this code. Compare it with the Manage License page. If it is used, or older "
        "than 15 minutes, get a new one there: choose Start over, or Next."
    )
