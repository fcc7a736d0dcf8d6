"""Record a new device in an organization, before it is authorized (S3-6, S3-22 … S3-24)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy.exc import IntegrityError

from auth_service.domain.audit_event import AuditEvent, AuditEventName
from auth_service.domain.device import Device, DeviceKind
from auth_service.domain.errors import BadInputError
from auth_service.domain.plain_text import check_name, check_url
from auth_service.storage.audit_trail import append_event
from auth_service.storage.devices import add_device, find_device
from auth_service.storage.organizations import organization_name

if TYPE_CHECKING:
    from datetime import datetime

    from database.engine import Database


@dataclass(frozen=True, slots=True)
class NewDevice:
    """What is given for a new device; nothing of it is checked yet."""

    organization_id: str
    name: str
    kind: DeviceKind = DeviceKind.SERVER
    store: str | None = None
    server_url: str | None = None
    hub_device_id: str | None = None


def create_device(database: Database, new: NewDevice, *, now: datetime) -> str:
    """Record a device and give its id, the Server ID.

    Raises BadInputError when a value cannot be taken, the name is taken, or organization or hub are unknown.
    """
    device = Device(
        id=str(uuid.uuid4()),
        organization_id=new.organization_id,
        name=check_name("name", new.name),
        kind=new.kind,
        store=None if new.store is None else check_name("store", new.store),
    )
    server_url = None if new.server_url is None else check_url("server_url", new.server_url)
    try:
        with database.transaction() as connection:
            if organization_name(connection, new.organization_id) is None:
                raise BadInputError("There is no organization of this id.")
            if new.hub_device_id is not None and not find_device(connection, new.hub_device_id, new.organization_id):
                raise BadInputError("The hub must be a device of the same organization.")
            add_device(connection, device, server_url=server_url, hub_device_id=new.hub_device_id, now=now)
            append_event(connection, _event(device, now))
    except IntegrityError as fault:
        raise BadInputError("A device of this name is in the organization already.") from fault
    return device.id


def _event(device: Device, now: datetime) -> AuditEvent:
    return AuditEvent(
        AuditEventName.DEVICE_CREATED,
        now,
        organization_id=device.organization_id,
        device_id=device.id,
        details={"name": device.name, "kind": device.kind.value},
    )
