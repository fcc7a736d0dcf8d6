"""Grants, each with its family of refresh tokens in the one row: digests only, one live token (RFC 9700 §4.14).

A rotation is one conditional UPDATE of that row, so the table does not grow with time, and a race has one winner.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import bindparam, insert, select, update

from auth_service.domain.grant import Family, Grant, KeptGrant
from auth_service.storage.devices import DEVICE_COLUMNS, DEVICES_WITH_HUBS, read_device
from auth_service.storage.entitlements import dump_entitlement, load_entitlement
from auth_service.storage.tables import devices, grants, organizations
from database.hot_statement import HotStatement

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

    from wire.entitlement import Entitlement

_INSERT = HotStatement(insert(grants))
_END_OF_DEVICE = HotStatement(
    update(grants)
    .where(grants.c.device_id == bindparam("wanted"), grants.c.ended_at.is_(None))
    .values(ended_at=bindparam("now"), ended_reason=bindparam("reason"), successor_seed=None)
    .returning(grants.c.id)
)
_END = (
    update(grants)
    .where(grants.c.id == bindparam("wanted"), grants.c.ended_at.is_(None))
    .values(ended_at=bindparam("now"), ended_reason=bindparam("reason"), successor_seed=None)
)
_KEPT = select(
    *DEVICE_COLUMNS,
    organizations.c.name.label("organization_name"),
    organizations.c.group_password_generation.label("organization_group_password_generation"),
    *(column.label(f"grant_{column.name}") for column in grants.c),
).select_from(
    grants.join(DEVICES_WITH_HUBS, grants.c.device_id == devices.c.id).join(
        organizations, organizations.c.id == devices.c.organization_id
    )
)
_KEPT_BY_ID = HotStatement(_KEPT.where(grants.c.id == bindparam("wanted")))
_ROTATE = HotStatement(
    update(grants)
    .where(
        grants.c.id == bindparam("wanted"),
        grants.c.refresh_token_digest == bindparam("used"),
        grants.c.ended_at.is_(None),
    )
    .values(
        predecessor_digest=bindparam("used"),
        refresh_token_digest=bindparam("next"),
        successor_seed=bindparam("seed"),
        generation=bindparam("to_generation"),
        rotated_at=bindparam("now"),
        earlier_uses=bindparam("earlier"),
        last_contact_at=bindparam("now"),
        entitlement=bindparam("document"),
    )
)
_ERASE_SEEDS = (
    update(grants)
    .where(grants.c.successor_seed.is_not(None), grants.c.rotated_at < bindparam("before"))
    .values(successor_seed=None)
)


@dataclass(frozen=True, slots=True)
class Succession:
    """One token and the next: what is stored of both."""

    used_digest: str
    next_digest: str
    seed: str


@dataclass(frozen=True, slots=True)
class LiveKey:
    """What a live grant is bound to: the thumbprint of a key, or None for a grant without one."""

    dpop_jkt: str | None


def add_grant(
    connection: Connection,
    grant: Grant,
    succession: Succession,
    *,
    family: Family,
    expires_at: datetime,
) -> None:
    """Add a grant with the first token of its family, made when that was. Its device must have no live one."""
    _INSERT.run(
        connection,
        {
            "id": grant.id,
            "device_id": grant.device.id,
            "client_id": grant.client_id,
            "scope": grant.scope,
            "entitlement": dump_entitlement(grant.entitlement),
            "created_at": family.rotated_at,
            "last_contact_at": family.rotated_at,
            "expires_at": expires_at,
            "dpop_jkt": grant.dpop_jkt,
            "status_index": grant.status_index,
            "group_password_generation": grant.group_password_generation,
            "refresh_token_digest": succession.next_digest,
            "predecessor_digest": succession.used_digest,
            "successor_seed": succession.seed,
            "generation": family.generation,
            "rotated_at": family.rotated_at,
            "earlier_uses": _dump_earlier(family),
        },
    )


def find_grant(connection: Connection, grant_id: str) -> KeptGrant | None:
    row = _KEPT_BY_ID.run(connection, {"wanted": grant_id}).one_or_none()
    return None if row is None else _read(row)


def rotate(
    connection: Connection, grant_id: str, succession: Succession, *, family: Family, entitlement: Entitlement
) -> bool:
    """Use the live token, which makes its successor the live one; `family` is that after it.

    False for every racer but one, and for an ended grant (T24).
    """
    rotated = _ROTATE.run(
        connection,
        {
            "wanted": grant_id,
            "used": succession.used_digest,
            "next": succession.next_digest,
            "seed": succession.seed,
            "to_generation": family.generation,
            "earlier": _dump_earlier(family),
            "now": family.rotated_at,
            "document": dump_entitlement(entitlement),
        },
    )
    return rotated.rowcount == 1


def erase_seeds(connection: Connection, before: datetime) -> None:
    """Forget how the successors were made of what was used before then."""
    connection.execute(_ERASE_SEEDS, {"before": before})


def end_grant_of_device(connection: Connection, device_id: str, *, reason: str, now: datetime) -> str | None:
    """End the live grant of a device and give its id. None when there was none."""
    ended = _END_OF_DEVICE.run(connection, {"wanted": device_id, "now": now, "reason": reason}).one_or_none()
    return None if ended is None else str(ended.id)


def end_grant(connection: Connection, grant_id: str, *, reason: str, now: datetime) -> bool:
    """End a grant. False when it had ended already."""
    return connection.execute(_END, {"wanted": grant_id, "now": now, "reason": reason}).rowcount == 1


def live_since(connection: Connection, device_id: str) -> datetime | None:
    """Give when the live grant of a device was made, or None when it has none."""
    return connection.execute(
        select(grants.c.created_at).where(grants.c.device_id == device_id, grants.c.ended_at.is_(None)).limit(1)
    ).scalar_one_or_none()


def live_key(connection: Connection, device_id: str) -> LiveKey | None:
    """Give the key that the live grant of a device is bound to, or None when it has no live grant."""
    row = connection.execute(
        select(grants.c.dpop_jkt).where(grants.c.device_id == device_id, grants.c.ended_at.is_(None))
    ).one_or_none()
    return None if row is None else LiveKey(row.dpop_jkt)


def _dump_earlier(family: Family) -> str:
    return orjson.dumps([used_at.timestamp() for used_at in family.uses[1:]]).decode()


def _load_earlier(text: str) -> list[datetime]:
    return [datetime.fromtimestamp(seconds, UTC) for seconds in orjson.loads(text)]


def _read(row: Row[*tuple[Any, ...]]) -> KeptGrant:
    return KeptGrant(
        grant=Grant(
            id=row.grant_id,
            client_id=row.grant_client_id,
            scope=row.grant_scope,
            device=read_device(row),
            organization_name=row.organization_name,
            entitlement=load_entitlement(row.grant_entitlement),
            status_index=row.grant_status_index,
            dpop_jkt=row.grant_dpop_jkt,
            group_password_generation=row.grant_group_password_generation,
        ),
        family=Family(
            generation=row.grant_generation,
            uses=(row.grant_rotated_at, *_load_earlier(row.grant_earlier_uses)),
        ),
        refresh_token_digest=row.grant_refresh_token_digest,
        predecessor_digest=row.grant_predecessor_digest,
        successor_seed=row.grant_successor_seed,
        expires_at=row.grant_expires_at,
        ended_reason=row.grant_ended_reason,
        group_password_generation=row.organization_group_password_generation,
    )
