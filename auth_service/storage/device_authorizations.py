"""Device authorizations: every move is one conditional statement whose row count is checked.

The statements are built once: building costs more than running them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam, delete, exists, insert, not_, or_, select, update

from auth_service.domain.device_authorization import MOVES, DeviceAuthorization, Status
from auth_service.domain.operator import APPROVING_ROLES
from auth_service.storage.devices import DEVICE_COLUMNS, HUBS, read_device
from auth_service.storage.entitlements import dump_entitlement, load_entitlement
from auth_service.storage.tables import (
    device_authorizations,
    devices,
    grants,
    memberships,
    organizations,
    status_indexes,
)
from database.hot_statement import HotStatement

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection, Row, Update

    from auth_service.domain.device import Device
    from wire.entitlement import Entitlement

_table = device_authorizations
_by_device_code = _table.c.device_code_digest == bindparam("wanted")

_INSERT = HotStatement(insert(_table))
# With the device that it was approved for, which saves a redeem a statement; the device's id is among the columns of
# the authorization. One join behind the other: within a join SQLite would read all devices.
_FIND_BY_DEVICE_CODE = HotStatement(
    select(
        _table,
        *DEVICE_COLUMNS[1:],
        organizations.c.name.label("organization_name"),
        exists().where(grants.c.device_id == _table.c.device_id, grants.c.ended_at.is_(None)).label("is_licensed"),
    )
    .select_from(
        _table.outerjoin(devices, devices.c.id == _table.c.device_id)
        .outerjoin(HUBS, HUBS.c.id == devices.c.hub_device_id)
        .outerjoin(organizations, organizations.c.id == devices.c.organization_id)
    )
    .where(_by_device_code)
)
_FIND_BY_USER_CODE = select(_table).where(_table.c.user_code_digest == bindparam("wanted"))


def _move(before: Status, after: Status) -> Update:
    if (before, after) not in MOVES:
        raise ValueError(f"There is no move from {before} to {after}.")
    return update(_table).where(_table.c.status == before.value).values(status=after.value)


_of_this_pair = and_(_table.c.id == bindparam("wanted"), _table.c.expires_at > bindparam("now"))
_APPROVE = _move(Status.PENDING, Status.APPROVED).where(_of_this_pair)
_DENY = _move(Status.PENDING, Status.DENIED).where(_of_this_pair)
_WITHDRAW = _move(Status.APPROVED, Status.DENIED).where(_by_device_code).values(decided_at=bindparam("now"))
_WITHDRAW_OF_DEVICE = (
    _move(Status.APPROVED, Status.DENIED)
    .where(_table.c.device_id == bindparam("wanted"), _table.c.expires_at > bindparam("now"))
    .values(decided_at=bindparam("now"))
    .returning(*_table.c)
)
_DRAW_STATUS_INDEX = insert(status_indexes).returning(status_indexes.c.number)
_approval_holds = and_(
    # Held until the transaction ends: two codes that were approved for one device are redeemed one after the other.
    select(devices.c.id)
    .where(devices.c.id == _table.c.device_id, devices.c.organization_id == _table.c.organization_id)
    .with_for_update(key_share=True)
    .exists(),
    exists().where(
        memberships.c.operator_id == _table.c.operator_id,
        memberships.c.organization_id == _table.c.organization_id,
        or_(*(memberships.c.role == role.value for role in sorted(APPROVING_ROLES))),
    ),
)
_CONSUME = HotStatement(
    _move(Status.APPROVED, Status.CONSUMED)
    .where(_by_device_code, _table.c.expires_at > bindparam("now"), _approval_holds)
    .values(consumed_at=bindparam("now"))
)
_WITHDRAW_ENDED = _WITHDRAW.where(not_(_approval_holds))
_SWEEP = delete(_table).where(_table.c.expires_at < bindparam("before"))


@dataclass(frozen=True, slots=True)
class ApprovedDevice:
    """The device that an approval is for, whose it is, and whether it has a live grant."""

    device: Device
    organization_name: str
    is_licensed: bool


def add_device_authorization(
    connection: Connection, authorization: DeviceAuthorization, *, user_code_digest: str
) -> None:
    """Add a pending one. Raises sqlalchemy's IntegrityError when the user code is taken."""
    _INSERT.run(
        connection,
        {
            "id": authorization.id,
            "device_code_digest": authorization.device_code_digest,
            "user_code_digest": user_code_digest,
            "client_id": authorization.client_id,
            "scope": authorization.scope,
            "status": authorization.status.value,
            "requested_from": authorization.requested_from,
            "created_at": authorization.created_at,
            "expires_at": authorization.expires_at,
            "dpop_jkt": authorization.dpop_jkt,
            "code_challenge": authorization.code_challenge,
        },
    )


def find_by_device_code(
    connection: Connection, device_code_digest: str
) -> tuple[DeviceAuthorization, ApprovedDevice | None] | None:
    """Find a device authorization, and the device that it was approved for, if it was and the device is still there."""
    row = _FIND_BY_DEVICE_CODE.run(connection, {"wanted": device_code_digest}).one_or_none()
    if row is None:
        return None
    if row.device_name is None:
        return _read(row), None
    return _read(row), ApprovedDevice(read_device(row), row.organization_name, bool(row.is_licensed))


def find_by_user_code(connection: Connection, user_code_digest: str) -> DeviceAuthorization | None:
    row = connection.execute(_FIND_BY_USER_CODE, {"wanted": user_code_digest}).one_or_none()
    return None if row is None else _read(row)


def approve(  # noqa: PLR0913 - the approval is these six facts
    connection: Connection,
    authorization_id: str,
    *,
    device_id: str,
    organization_id: str,
    operator_id: str,
    entitlement: Entitlement,
    now: datetime,
) -> bool:
    """Move pending → approved. False when another decision or the clock came first."""
    values = {
        "device_id": device_id,
        "organization_id": organization_id,
        "operator_id": operator_id,
        "entitlement": dump_entitlement(entitlement),
        "decided_at": now,
        "status_index": draw_status_index(connection, authorization_id),
    }
    return connection.execute(_APPROVE.values(values), {"wanted": authorization_id, "now": now}).rowcount == 1


def deny(
    connection: Connection, authorization_id: str, *, organization_id: str, operator_id: str, now: datetime
) -> bool:
    """Move pending → denied. False when another decision or the clock came first."""
    values = {
        "organization_id": organization_id,
        "operator_id": operator_id,
        "decided_at": now,
    }
    return connection.execute(_DENY.values(values), {"wanted": authorization_id, "now": now}).rowcount == 1


def withdraw(connection: Connection, device_code_digest: str, now: datetime) -> bool:
    """Move approved → denied: the license has ended (T10)."""
    return connection.execute(_WITHDRAW, {"wanted": device_code_digest, "now": now}).rowcount == 1


def withdraw_of_device(connection: Connection, device_id: str, now: datetime) -> list[DeviceAuthorization]:
    """Move every approval of a device that waits to be redeemed → denied, and give them."""
    return [_read(row) for row in connection.execute(_WITHDRAW_OF_DEVICE, {"wanted": device_id, "now": now})]


def consume(connection: Connection, device_code_digest: str, now: datetime) -> bool:
    """Move approved → consumed, and hold the device until the transaction ends.

    False for every racer but one (T05), and where the device has gone or its approver may approve no longer (T10, T11).
    """
    return _CONSUME.run(connection, {"wanted": device_code_digest, "now": now}).rowcount == 1


def withdraw_ended(connection: Connection, device_code_digest: str, now: datetime) -> bool:
    """Move approved → denied where the device has gone or its approver may approve no longer (T10, T11)."""
    return connection.execute(_WITHDRAW_ENDED, {"wanted": device_code_digest, "now": now}).rowcount == 1


def sweep_device_authorizations(connection: Connection, before: datetime) -> None:
    """Delete what expired before then."""
    connection.execute(_SWEEP, {"before": before})


def draw_status_index(connection: Connection, authorization_id: str) -> int:
    """Draw the place in the status list that no other grant has or had."""
    number: int = connection.execute(_DRAW_STATUS_INDEX, {"device_authorization_id": authorization_id}).scalar_one()
    return number


def _read(row: Row[*tuple[Any, ...]]) -> DeviceAuthorization:
    return DeviceAuthorization(
        id=row.id,
        client_id=row.client_id,
        scope=row.scope,
        status=Status(row.status),
        device_code_digest=row.device_code_digest,
        requested_from=row.requested_from,
        created_at=row.created_at,
        expires_at=row.expires_at,
        device_id=row.device_id,
        organization_id=row.organization_id,
        operator_id=row.operator_id,
        status_index=row.status_index,
        consumed_at=row.consumed_at,
        dpop_jkt=row.dpop_jkt,
        code_challenge=row.code_challenge,
        entitlement=None if row.entitlement is None else load_entitlement(row.entitlement),
    )
