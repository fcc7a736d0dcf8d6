"""Insert a row unless one stands where it would: one statement, which waits for a rival that is under way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy.dialects import postgresql, sqlite

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy import Connection, Table

# ON CONFLICT is spelt by each dialect's own insert.
_INSERT: Final[dict[str, Callable[[Table], sqlite.Insert | postgresql.Insert]]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}


def insert_into(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """Give an INSERT that can say what is to be done where a row stands already."""
    return _INSERT[connection.dialect.name](table)


def insert_if_absent(connection: Connection, table: Table, values: Mapping[str, Any]) -> bool:
    """Insert the row and give True, or give False when a unique column's value is taken."""
    insert = insert_into(connection, table).values(**values)
    # Rows are counted by what comes back: psycopg's row count of an INSERT is not kept by SQLAlchemy.
    added = connection.execute(insert.on_conflict_do_nothing().returning(*table.primary_key))
    return added.one_or_none() is not None
