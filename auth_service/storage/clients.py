"""Registered OAuth clients."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, insert, select

from auth_service.domain.client import Client
from auth_service.storage.tables import clients

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

_FIND = select(clients).where(clients.c.client_id == bindparam("client_id"))


def find_client(connection: Connection, client_id: str) -> Client | None:
    row = connection.execute(_FIND, {"client_id": client_id}).one_or_none()
    if row is None:
        return None
    return Client(
        client_id=row.client_id,
        name=row.name,
        grant_types=tuple(row.grant_types.split()),
        scopes=tuple(row.scopes.split()),
        secret_digest=row.secret_digest,
    )


def add_client(connection: Connection, client: Client, now: datetime) -> None:
    connection.execute(
        insert(clients).values(
            client_id=client.client_id,
            name=client.name,
            secret_digest=client.secret_digest,
            grant_types=" ".join(client.grant_types),
            scopes=" ".join(client.scopes),
            created_at=now,
        )
    )
