"""What the status lists say: which grants have ended while a license token of theirs can be alive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, func, select

from auth_service.storage.tables import grants

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

_HIGHEST = select(func.max(grants.c.status_index))
_ENDED = select(grants.c.status_index).where(
    grants.c.status_index.between(bindparam("first"), bindparam("last")), grants.c.ended_at > bindparam("since")
)


def highest_status_index(connection: Connection) -> int | None:
    """Give the highest index that a grant has, or None while there is none."""
    highest: int | None = connection.execute(_HIGHEST).scalar_one()
    return highest


def ended_status_indexes(connection: Connection, first: int, last: int, *, since: datetime) -> list[int]:
    """List the indexes, from `first` to `last`, of the grants that ended after `since`."""
    return list(connection.execute(_ENDED, {"first": first, "last": last, "since": since}).scalars())
