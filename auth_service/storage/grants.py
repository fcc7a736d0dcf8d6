"""Grants and their refresh tokens: digests only, one live token a grant (RFC 9700 §4.14)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, exists, insert, select, update

from auth_service.domain.grant import Grant, PresentedRefreshToken
from auth_service.storage.devices import DEVICE_COLUMNS, DEVICES_WITH_HUBS, read_device
from auth_service.storage.entitlements import dump_entitlement, load_entitlement
from auth_service.storage.tables import devices, grants, organizations, refresh_tokens

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from wire.entitlement import Entitlement

_INSERT_GRANT = insert(grants)
_INSERT_TOKEN = insert(refresh_tokens)
_END_OF_DEVICE = (
    update(grants)
    .where(grants.c.device_id == bindparam("wanted"), grants.c.ended_at.is_(None))
    .values(ended_at=bindparam("now"), ended_reason=bindparam("reason"))
)
_END = (
    update(grants)
    .where(grants.c.id == bindparam("wanted"), grants.c.ended_at.is_(None))
    .values(ended_at=bindparam("now"), ended_reason=bindparam("reason"))
)
_PRESENTED = (
    select(
        *DEVICE_COLUMNS,
        organizations.c.name.label("organization_name"),
        grants.c.id.label("grant_id"),
        grants.c.client_id,
        grants.c.scope,
        grants.c.entitlement,
        grants.c.ended_reason,
        refresh_tokens.c.used_at,
    )
    .select_from(
        DEVICES_WITH_HUBS.join(grants, grants.c.device_id == devices.c.id)
        .join(organizations, organizations.c.id == devices.c.organization_id)
        .join(refresh_tokens, refresh_tokens.c.grant_id == grants.c.id)
    )
    .where(refresh_tokens.c.digest == bindparam("wanted"))
)
_USE = (
    update(refresh_tokens)
    .where(
        refresh_tokens.c.digest == bindparam("wanted"),
        refresh_tokens.c.used_at.is_(None),
        exists().where(grants.c.id == refresh_tokens.c.grant_id, grants.c.ended_at.is_(None)),
    )
    .values(used_at=bindparam("now"))
    .returning(refresh_tokens.c.generation)
)
_TOUCH = (
    update(grants)
    .where(grants.c.id == bindparam("wanted"))
    .values(last_contact_at=bindparam("now"), entitlement=bindparam("document"))
)


def add_grant(connection: Connection, grant: Grant, *, refresh_token_digest: str, now: datetime) -> None:
    """Add a grant with the first token of its family; any earlier grant of the device ends with it."""
    end_grants_of_device(connection, grant.device.id, reason="replaced", now=now)
    connection.execute(
        _INSERT_GRANT,
        {
            "id": grant.id,
            "device_id": grant.device.id,
            "client_id": grant.client_id,
            "scope": grant.scope,
            "entitlement": dump_entitlement(grant.entitlement),
            "created_at": now,
            "last_contact_at": now,
        },
    )
    _add_token(connection, grant.id, refresh_token_digest, generation=0, now=now)


def find_presented(connection: Connection, refresh_token_digest: str) -> PresentedRefreshToken | None:
    row = connection.execute(_PRESENTED, {"wanted": refresh_token_digest}).one_or_none()
    if row is None:
        return None
    grant = Grant(
        id=row.grant_id,
        client_id=row.client_id,
        scope=row.scope,
        device=read_device(row),
        organization_name=row.organization_name,
        entitlement=load_entitlement(row.entitlement),
    )
    return PresentedRefreshToken(grant=grant, used_at=row.used_at, ended_reason=row.ended_reason)


def rotate(connection: Connection, grant: Grant, *, used_digest: str, next_digest: str, now: datetime) -> bool:
    """Use one refresh token and add its successor. False for every racer but one, and for an ended grant (T24)."""
    generation = connection.execute(_USE, {"wanted": used_digest, "now": now}).scalar_one_or_none()
    if generation is None:
        return False
    _add_token(connection, grant.id, next_digest, generation=generation + 1, now=now)
    _touch(connection, grant.id, grant.entitlement, now)
    return True


def end_grants_of_device(connection: Connection, device_id: str, *, reason: str, now: datetime) -> None:
    """End whatever grant of a device is still live."""
    connection.execute(_END_OF_DEVICE, {"wanted": device_id, "now": now, "reason": reason})


def live_since(connection: Connection, device_id: str) -> datetime | None:
    """Give when the live grant of a device was made, or None when it has none."""
    return connection.execute(
        select(grants.c.created_at).where(grants.c.device_id == device_id, grants.c.ended_at.is_(None)).limit(1)
    ).scalar_one_or_none()


def end_grant(connection: Connection, grant_id: str, *, reason: str, now: datetime) -> bool:
    """End a grant. False when it had ended already."""
    return connection.execute(_END, {"wanted": grant_id, "now": now, "reason": reason}).rowcount == 1


def _add_token(connection: Connection, grant_id: str, token_digest: str, *, generation: int, now: datetime) -> None:
    connection.execute(
        _INSERT_TOKEN, {"digest": token_digest, "grant_id": grant_id, "generation": generation, "created_at": now}
    )


def _touch(connection: Connection, grant_id: str, entitlement: Entitlement, now: datetime) -> None:
    connection.execute(_TOUCH, {"wanted": grant_id, "now": now, "document": dump_entitlement(entitlement)})
