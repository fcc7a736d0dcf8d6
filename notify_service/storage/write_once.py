"""Add a row unless its id is there: one statement, alike on SQLite and PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.dialects import postgresql, sqlite

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection, Table


def write_once(connection: Connection, table: Table, values: Mapping[str, Any]) -> bool:
    """Add the row; False when a row with its `id` is there already."""
    # The row that comes back tells that it was added: an INSERT's row count is not kept by every driver.
    if connection.dialect.name == "postgresql":
        added = postgresql.insert(table).values(values).on_conflict_do_nothing(index_elements=["id"])
        return connection.execute(added.returning(table.c.id)).first() is not None
    written = sqlite.insert(table).values(values).on_conflict_do_nothing(index_elements=["id"])
    return connection.execute(written.returning(table.c.id)).first() is not None
