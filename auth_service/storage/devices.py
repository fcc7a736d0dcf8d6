"""Devices of an organization, each with its hub and the state of its authorization."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import exists, func, insert, select

from auth_service.domain.device import Device, DeviceKind, ListedDevice
from auth_service.domain.device_authorization import Status
from auth_service.storage.tables import device_authorizations, devices, grants

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Row

HUBS = devices.alias("hubs")
DEVICE_COLUMNS = (
    devices.c.id.label("device_id"),
    devices.c.organization_id.label("device_organization_id"),
    devices.c.name.label("device_name"),
    devices.c.kind.label("device_kind"),
    devices.c.store.label("device_store"),
    HUBS.c.name.label("hub_name"),
    HUBS.c.server_url.label("hub_url"),
)
DEVICES_WITH_HUBS = devices.outerjoin(HUBS, HUBS.c.id == devices.c.hub_device_id)


def read_device(row: Row[*tuple[Any, ...]]) -> Device:
    """Make the device of a row that has DEVICE_COLUMNS."""
    return Device(
        id=row.device_id,
        organization_id=row.device_organization_id,
        name=row.device_name,
        kind=DeviceKind(row.device_kind),
        store=row.device_store,
        hub_server_name=row.hub_name,
        hub_server_url=row.hub_url,
    )


def device_names(connection: Connection, organization_id: str, device_ids: Sequence[str]) -> dict[str, str]:
    """Give the names of those of these devices that the organization has (T44)."""
    query = select(devices.c.id, devices.c.name).where(
        devices.c.organization_id == organization_id, devices.c.id.in_(device_ids)
    )
    return {row.id: row.name for row in connection.execute(query)}


def add_device(
    connection: Connection,
    device: Device,
    *,
    server_url: str | None,
    hub_device_id: str | None,
    now: datetime,
) -> None:
    connection.execute(
        insert(devices).values(
            id=device.id,
            organization_id=device.organization_id,
            name=device.name,
            kind=device.kind.value,
            store=device.store,
            server_url=server_url,
            hub_device_id=hub_device_id,
            created_at=now,
        )
    )


def find_device(connection: Connection, device_id: str, organization_id: str) -> Device | None:
    """Find a device of this organization; another's is not found (T44)."""
    if "\x00" in device_id:
        # PostgreSQL has no text with a NUL in it, and fails on one.
        return None
    row = connection.execute(
        select(*DEVICE_COLUMNS)
        .select_from(DEVICES_WITH_HUBS)
        .where(devices.c.id == device_id, devices.c.organization_id == organization_id)
    ).one_or_none()
    return None if row is None else read_device(row)


def find_device_of_name(connection: Connection, name: str, organization_id: str) -> Device | None:
    """Find the device of this name in this organization."""
    row = connection.execute(
        select(*DEVICE_COLUMNS)
        .select_from(DEVICES_WITH_HUBS)
        .where(devices.c.name == name, devices.c.organization_id == organization_id)
    ).one_or_none()
    return None if row is None else read_device(row)


def hold_device(connection: Connection, device_id: str) -> None:
    """Hold a device until the transaction ends: who wants to license it at the same moment comes after."""
    connection.execute(select(devices.c.id).where(devices.c.id == device_id).with_for_update(key_share=True))


def list_devices(connection: Connection, organization_id: str, now: datetime) -> list[ListedDevice]:
    """List an organization's devices by name, each with its newest grant."""
    waiting = exists().where(
        device_authorizations.c.device_id == devices.c.id,
        device_authorizations.c.status == Status.APPROVED.value,
        device_authorizations.c.expires_at > now,
    )
    of_device = select(grants.c.id).where(grants.c.device_id == devices.c.id).limit(1).correlate(devices)
    live = of_device.where(grants.c.ended_at.is_(None))
    ended = of_device.where(grants.c.ended_at.is_not(None)).order_by(grants.c.created_at.desc(), grants.c.id)
    newest = func.coalesce(live.scalar_subquery(), ended.scalar_subquery())
    rows = connection.execute(
        select(
            *DEVICE_COLUMNS,
            grants.c.created_at,
            grants.c.last_contact_at,
            grants.c.ended_at,
            waiting.label("is_waiting"),
        )
        .select_from(DEVICES_WITH_HUBS.outerjoin(grants, grants.c.id == newest))
        .where(devices.c.organization_id == organization_id)
        .order_by(devices.c.name)
    )
    return [
        ListedDevice(
            device=read_device(row),
            authorized_at=row.created_at,
            last_contact_at=row.last_contact_at,
            ended_at=row.ended_at,
            is_waiting=bool(row.is_waiting),
        )
        for row in rows
    ]
