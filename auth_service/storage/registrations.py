"""Registrations of Groups: every move is one conditional statement whose row count is checked (T52)."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, insert, or_, select, update

from auth_service.domain.registration import ABANDONABLE, MOST_WRONG_CODES, MOVES, Registration, RegistrationState
from auth_service.storage.tables import registrations

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection, Row, Update

    from auth_service.domain.mailed_proof import KeptProof

_table = registrations
_FEW = 20
_NO_PROOF = {"link_digest": None, "link_expires_at": None, "code_digest": None, "code_expires_at": None}
_NO_SECRETS = {**_NO_PROOF, "group_password_hash": None, "cloud_password_hash": None}

_this = _table.c.id == bindparam("wanted")
_is_live = _table.c.expires_at > bindparam("now")


def _move(before: RegistrationState, after: RegistrationState) -> Update:
    if (before, after) not in MOVES:
        raise ValueError(f"There is no move from {before} to {after}.")
    return (
        update(_table)
        .where(_table.c.state == before.value)
        .values(state=after.value, updated_at=bindparam("now"), wrong_codes=0)
    )


# A link is used by the statement that moves on: for every racer but one it is gone by then.
_used_link = _table.c.link_digest == bindparam("used")
_link_lives = _table.c.link_expires_at > bindparam("now")
_PROVE = _move(RegistrationState.ADDRESS_UNPROVEN, RegistrationState.ADDRESS_PROVEN).where(_this, _used_link, _is_live)
_ACTIVATE = (
    _move(RegistrationState.ADDRESS_PROVEN, RegistrationState.ACTIVATED)
    .where(_this, _used_link, _is_live)
    .values(**_NO_SECRETS, organization_id=bindparam("organization"), activated_at=bindparam("now"))
)
_COMPLETE = _move(RegistrationState.ACTIVATED, RegistrationState.COMPLETE)
_COMPLETE = _COMPLETE.where(_this).values(notification_id=bindparam("notification"))
_REOPEN = _move(RegistrationState.COMPLETE, RegistrationState.ACTIVATED).where(_this)
_EXPIRE = [
    _move(state, RegistrationState.EXPIRED)
    .where(_table.c.expires_at <= bindparam("now"))
    .values(_NO_SECRETS)
    .returning(_table.c.id)
    for state in sorted(ABANDONABLE)
]
_RENEW_PROOF = (
    update(_table)
    .where(_this, _table.c.state == bindparam("in_state"), _is_live)
    .values(wrong_codes=0, updated_at=bindparam("now"))
)
# Counted before the code is looked at, and by it the row is held: a hundred at once are five tries.
_COUNT_CODE_TRY = (
    update(_table)
    .where(
        _this,
        _table.c.state == bindparam("in_state"),
        _table.c.wrong_codes < MOST_WRONG_CODES,
        _table.c.code_expires_at > bindparam("now"),
        _is_live,
    )
    .values(wrong_codes=_table.c.wrong_codes + 1)
)
_FIND = select(_table).where(_this)
_FIND_WATCHED = _FIND.where(_table.c.watch_digest == bindparam("watch"))
_FIND_BY_LINK = select(_table).where(_used_link, _table.c.state == bindparam("in_state"), _link_lives, _is_live)
_NEWEST_LIVE = (
    select(_table)
    .where(
        _table.c.email == bindparam("address"),
        or_(*(_table.c.state == state.value for state in sorted(ABANDONABLE))),
        _is_live,
    )
    .order_by(_table.c.created_at.desc(), _table.c.id)
    .limit(1)
)
_WAITING = (
    select(_table)
    .where(_table.c.state == RegistrationState.ACTIVATED.value, _table.c.updated_at <= bindparam("now"))
    .order_by(_table.c.updated_at, _table.c.id)
    .limit(_FEW)
)
_POSTPONE = update(_table).where(_this).values(updated_at=bindparam("until"))
_FORGET = delete(_table).where(
    _table.c.expires_at < bindparam("before"), _table.c.state != RegistrationState.ACTIVATED.value
)


def add_registration(
    connection: Connection, registration: Registration, proof: KeptProof, *, watch_digest: str
) -> None:
    connection.execute(
        insert(_table).values(
            id=registration.id,
            watch_digest=watch_digest,
            state=registration.state.value,
            group_name=registration.group_name,
            group_password_hash=registration.group_password_hash,
            email=registration.email,
            sales_manager=registration.sales_manager,
            locale=registration.locale,
            requested_from=registration.requested_from,
            created_at=registration.created_at,
            updated_at=registration.created_at,
            expires_at=registration.expires_at,
            wrong_codes=0,
            **_proof_values(proof),
        )
    )


def find_registration(connection: Connection, registration_id: str) -> Registration | None:
    return _one(connection.execute(_FIND, {"wanted": registration_id}).one_or_none())


def find_watched(connection: Connection, registration_id: str, watch_digest: str) -> Registration | None:
    """Find the registration that this secret was handed out for; any other is not found."""
    if "\x00" in registration_id:
        # PostgreSQL has no text with a NUL in it, and fails on one.
        return None
    return _one(connection.execute(_FIND_WATCHED, {"wanted": registration_id, "watch": watch_digest}).one_or_none())


def find_by_link(
    connection: Connection, link_digest: str, state: RegistrationState, now: datetime
) -> Registration | None:
    """Find the registration whose live link this is, when it is the link of this step."""
    wanted = {"used": link_digest, "in_state": state.value, "now": now}
    return _one(connection.execute(_FIND_BY_LINK, wanted).one_or_none())


def newest_live_registration(connection: Connection, email: str, now: datetime) -> Registration | None:
    """Find the newest that waits for somebody to follow a link of its emails."""
    return _one(connection.execute(_NEWEST_LIVE, {"address": email, "now": now}).one_or_none())


def count_code_try(connection: Connection, registration_id: str, state: RegistrationState, now: datetime) -> bool:
    """Count a try and hold the row until the transaction ends. False when there is no code to be tried any more."""
    wanted = {"wanted": registration_id, "in_state": state.value, "now": now}
    return connection.execute(_COUNT_CODE_TRY, wanted).rowcount == 1


def prove(
    connection: Connection,
    registration: Registration,
    proof: KeptProof,
    *,
    cloud_password_hash: str | None,
    now: datetime,
) -> bool:
    """Move address_unproven → address_proven, which puts the next link in place of the one that was used."""
    values = {**_proof_values(proof), "cloud_password_hash": cloud_password_hash}
    wanted = {"wanted": registration.id, "used": registration.link_digest, "now": now}
    return connection.execute(_PROVE.values(values), wanted).rowcount == 1


def activate(connection: Connection, registration: Registration, organization_id: str, now: datetime) -> bool:
    """Move address_proven → activated; the organization must be there. The registration keeps no secret."""
    wanted = {
        "wanted": registration.id,
        "used": registration.link_digest,
        "organization": organization_id,
        "now": now,
    }
    return connection.execute(_ACTIVATE, wanted).rowcount == 1


def renew_proof(connection: Connection, registration: Registration, proof: KeptProof, now: datetime) -> bool:
    """Put a new link in place of the one that was sent. False when it has moved on or expired meanwhile."""
    wanted = {"wanted": registration.id, "in_state": registration.state.value, "now": now}
    return connection.execute(_RENEW_PROOF.values(_proof_values(proof)), wanted).rowcount == 1


def waiting_for_a_key(connection: Connection, now: datetime) -> list[Registration]:
    """List some that are activated and have no third email yet, those first that have waited longest."""
    return [_read(row) for row in connection.execute(_WAITING, {"now": now})]


def postpone(connection: Connection, registration_id: str, until: datetime) -> None:
    """Leave it out of those that wait until then."""
    connection.execute(_POSTPONE, {"wanted": registration_id, "until": until})


def complete(connection: Connection, registration_id: str, notification_id: str, now: datetime) -> bool:
    """Move activated → complete. False for every relay but one."""
    wanted = {"wanted": registration_id, "notification": notification_id, "now": now}
    return connection.execute(_COMPLETE, wanted).rowcount == 1


def reopen(connection: Connection, registration_id: str, now: datetime) -> bool:
    """Move complete → activated: the third email is to be written again."""
    return connection.execute(_REOPEN, {"wanted": registration_id, "now": now}).rowcount == 1


def expire(connection: Connection, now: datetime) -> list[str]:
    """Move what was abandoned → expired, erase its secrets, and give the ids."""
    return [row.id for statement in _EXPIRE for row in connection.execute(statement, {"now": now})]


def forget_registrations(connection: Connection, before: datetime) -> None:
    """Delete what was over, or would have been, before then; never one whose third email waits."""
    connection.execute(_FORGET, {"before": before})


def _proof_values(proof: KeptProof) -> dict[str, Any]:
    return asdict(proof)


def _one(row: Row[*tuple[Any, ...]] | None) -> Registration | None:
    return None if row is None else _read(row)


def _read(row: Row[*tuple[Any, ...]]) -> Registration:
    return Registration(
        id=row.id,
        state=RegistrationState(row.state),
        group_name=row.group_name,
        email=row.email,
        sales_manager=row.sales_manager,
        locale=row.locale,
        requested_from=row.requested_from,
        created_at=row.created_at,
        expires_at=row.expires_at,
        notification_id=row.notification_id,
        organization_id=row.organization_id,
        activated_at=row.activated_at,
        link_digest=row.link_digest,
        link_expires_at=row.link_expires_at,
        code_digest=row.code_digest,
        group_password_hash=row.group_password_hash,
        cloud_password_hash=row.cloud_password_hash,
    )
