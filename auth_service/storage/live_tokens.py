"""Whether a token that we signed is still good: its grant lives, and it was not revoked by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, exists, insert, literal, select

from auth_service.storage.tables import grants, revoked_access_tokens

if TYPE_CHECKING:
    from sqlalchemy import Connection

_revoked = exists().where(revoked_access_tokens.c.jti == bindparam("jti"))
_NOT_REVOKED = select(literal(1)).where(~_revoked)
_LIVE_OF_DEVICE = _NOT_REVOKED.where(
    exists().where(
        grants.c.device_id == bindparam("device_id"),
        grants.c.client_id == bindparam("client_id"),
        grants.c.ended_at.is_(None),
        grants.c.created_at < bindparam("made_before"),
    )
)
_LIVE_LICENSE = select(literal(1)).where(
    exists().where(
        grants.c.status_index == bindparam("status_index"),
        grants.c.device_id == bindparam("device_id"),
        grants.c.ended_at.is_(None),
    )
)
_PRUNE = delete(revoked_access_tokens).where(revoked_access_tokens.c.expires_at < bindparam("now"))
_REVOKE = (
    insert(revoked_access_tokens)
    .from_select(
        ["jti", "expires_at"],
        select(
            bindparam("new_jti", type_=revoked_access_tokens.c.jti.type),
            bindparam("new_expires_at", type_=revoked_access_tokens.c.expires_at.type),
        ).where(~_revoked),
    )
    .returning(revoked_access_tokens.c.jti)
)


def is_access_token_live(connection: Connection, jti: str, *, device_id: str, client_id: str, issued_at: int) -> bool:
    """Tell whether a device's access token is good: not revoked, and its grant has not ended.

    The grant that lives now must be the one of then: after a device was authorized anew, tokens of before are not good.
    """
    parameters = {
        "jti": jti,
        "device_id": device_id,
        "client_id": client_id,
        # A token says when it was issued in whole seconds.
        "made_before": datetime.fromtimestamp(issued_at, UTC) + timedelta(seconds=1),
    }
    return connection.execute(_LIVE_OF_DEVICE, parameters).first() is not None


def is_service_token_live(connection: Connection, jti: str) -> bool:
    """Tell whether an access token that has no grant behind it was not revoked."""
    return connection.execute(_NOT_REVOKED, {"jti": jti}).first() is not None


def is_license_token_live(connection: Connection, status_index: int, device_id: str) -> bool:
    """Tell whether the grant of a license token has not ended."""
    found = connection.execute(_LIVE_LICENSE, {"status_index": status_index, "device_id": device_id})
    return found.first() is not None


def revoke_access_token(connection: Connection, jti: str, *, expires_at: datetime, now: datetime) -> bool:
    """Note that an access token is good no more, until it has expired; forget those that have.

    False when it was revoked before.
    """
    connection.execute(_PRUNE, {"now": now})
    return connection.execute(_REVOKE, {"jti": jti, "new_jti": jti, "new_expires_at": expires_at}).first() is not None
