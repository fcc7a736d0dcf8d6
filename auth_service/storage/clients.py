"""Registered OAuth clients. One that is disabled is not found, and keeps its name and its grants."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, insert, select, update

from auth_service.domain.client import Client
from auth_service.storage.tables import clients

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection, Row

_FIND = select(clients).where(clients.c.client_id == bindparam("wanted"), clients.c.disabled_at.is_(None))
_LIST = select(clients).order_by(clients.c.client_id)
_CHANGE = update(clients).where(clients.c.client_id == bindparam("wanted"))
_CHANGE_SECRET = _CHANGE.where(clients.c.secret_digest.is_not(None)).values(secret_digest=bindparam("new_digest"))
_CHANGE_KEYS = _CHANGE.where(clients.c.public_keys.is_not(None)).values(public_keys=bindparam("new_keys"))
_DISABLE = _CHANGE.where(clients.c.disabled_at.is_(None)).values(disabled_at=bindparam("now"))
_ENABLE = _CHANGE.where(clients.c.disabled_at.is_not(None)).values(disabled_at=None)


def find_client(connection: Connection, client_id: str) -> Client | None:
    row = connection.execute(_FIND, {"wanted": client_id}).one_or_none()
    return None if row is None else _read(row)


def list_clients(connection: Connection) -> list[tuple[Client, datetime | None]]:
    """List every client, each with when it was disabled."""
    return [(_read(row), row.disabled_at) for row in connection.execute(_LIST)]


def add_client(connection: Connection, client: Client, now: datetime) -> None:
    """Add a client. Raises sqlalchemy's IntegrityError when its client_id is taken."""
    connection.execute(
        insert(clients).values(
            client_id=client.client_id,
            name=client.name,
            secret_digest=client.secret_digest,
            public_keys=client.public_keys,
            grant_types=" ".join(client.grant_types),
            scopes=" ".join(client.scopes),
            introspects=" ".join(client.introspects),
            created_at=now,
        )
    )


def change_secret(connection: Connection, client_id: str, secret_digest: str) -> bool:
    """Give a client another secret. False when there is no such client, or it has none."""
    return connection.execute(_CHANGE_SECRET, {"wanted": client_id, "new_digest": secret_digest}).rowcount == 1


def change_keys(connection: Connection, client_id: str, public_keys: str) -> bool:
    """Give a client other keys. False when there is no such client, or it has none."""
    return connection.execute(_CHANGE_KEYS, {"wanted": client_id, "new_keys": public_keys}).rowcount == 1


def disable_client(connection: Connection, client_id: str, now: datetime) -> bool:
    """Let a client be known no more. False when it is not known already."""
    return connection.execute(_DISABLE, {"wanted": client_id, "now": now}).rowcount == 1


def enable_client(connection: Connection, client_id: str) -> bool:
    """Let a disabled client be known again. False when there is none."""
    return connection.execute(_ENABLE, {"wanted": client_id}).rowcount == 1


def _read(row: Row[*tuple[Any, ...]]) -> Client:
    return Client(
        client_id=row.client_id,
        name=row.name,
        grant_types=tuple(row.grant_types.split()),
        scopes=tuple(row.scopes.split()),
        secret_digest=row.secret_digest,
        public_keys=row.public_keys,
        introspects=tuple(row.introspects.split()),
    )
