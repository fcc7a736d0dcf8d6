"""Add a row unless its id is there: one statement, alike on SQLite and PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.dialects import postgresql, sqlite

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection, Table


def write_once(connection: Connection, table: Table, values: Mapping[str, Any]) -> bool:
    """Add the row; False when a row with its `id` is there already."""
    if connection.dialect.name == "postgresql":
        added = connection.execute(
            postgresql.insert(table).values(values).on_conflict_do_nothing(index_elements=["id"])
        )
    else:
        added = connection.execute(sqlite.insert(table).values(values).on_conflict_do_nothing(index_elements=["id"]))
    return added.rowcount == 1
