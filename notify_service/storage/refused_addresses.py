"""Addresses that a mail server refused for good, so that it is not asked again and again (F36)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select, update

from notify_service.domain.notification import RefusedAddress
from notify_service.storage.tables import refused_addresses
from notify_service.storage.write_once import write_once

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection, RowMapping

_row = refused_addresses.c


def mark(connection: Connection, address: str, *, now: datetime, answer: str) -> None:
    """Note that the address was refused now."""
    values: dict[str, Any] = {"since": now, "answer": answer}
    known = connection.execute(update(refused_addresses).where(_row.id == _key(address)).values(values))
    if known.rowcount == 0:
        write_once(connection, refused_addresses, {"id": _key(address), **values})


def find(connection: Connection, address: str, *, since: datetime) -> RefusedAddress | None:
    """Give the mark of an address, if it was set after `since`."""
    query = select(refused_addresses).where(_row.id == _key(address), _row.since > since)
    found = connection.execute(query).mappings().first()
    return _record(found) if found else None


def clear(connection: Connection, address: str) -> bool:
    """Forget the mark: the address is tried again. False when it has none."""
    return connection.execute(delete(refused_addresses).where(_row.id == _key(address))).rowcount == 1


def forget(connection: Connection, *, before: datetime) -> None:
    """Delete the marks that were set before then."""
    connection.execute(delete(refused_addresses).where(_row.since <= before))


def list_newest(connection: Connection, *, limit: int) -> list[RefusedAddress]:
    """Give the newest marks, newest first."""
    query = select(refused_addresses).order_by(_row.since.desc(), _row.id).limit(limit)
    return [_record(row) for row in connection.execute(query).mappings()]


def _key(address: str) -> str:
    return address.lower()


def _record(row: RowMapping) -> RefusedAddress:
    return RefusedAddress(address=row["id"], since=row["since"], answer=row["answer"])
