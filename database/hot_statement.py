"""A statement of a hot path: said in SQLAlchemy, compiled once for each database, run on the driver's own connection.

SQLAlchemy's own way through `Connection.execute` costs several times what the database does for a row. Types and errors
are the same here as there: instants are aware and UTC, and a fault is one of `sqlalchemy.exc`.
"""

from __future__ import annotations

from collections import namedtuple
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from database.faults import of_driver

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy import Connection, Delete, Dialect, Insert, Select, Update

    Processor = Callable[[Any], Any]


class Outcome(NamedTuple):
    """What a statement did: how many rows it matched, and those that it gives."""

    rowcount: int
    rows: Sequence[Any]

    def one_or_none(self) -> Any:  # noqa: ANN401 - a row has the attributes that its statement names
        """Give the one row, or None when there is none. Raises ValueError when there are more."""
        if len(self.rows) > 1:
            raise ValueError("One row was asked for, and more came.")
        return self.rows[0] if self.rows else None

    def one(self) -> Any:  # noqa: ANN401 - as above
        """Give the one row. Raises ValueError when there is none, or more."""
        (row,) = self.rows
        return row


class HotStatement:
    """One statement; its parameters are those that are named by `bindparam`, always all of them."""

    def __init__(self, statement: Select[Any] | Insert | Update | Delete) -> None:
        self._statement = statement
        self._compiled: dict[str, _Compiled] = {}

    def run(self, connection: Connection, parameters: Mapping[str, object]) -> Outcome:
        """Run it. Raises sqlalchemy's errors, as `Connection.execute` does."""
        dialect = connection.dialect
        compiled = self._compiled.get(dialect.name)
        if compiled is None:
            compiled = self._compiled[dialect.name] = _compile(self._statement, dialect, list(parameters))
        try:
            # psycopg and sqlite3 both make the cursor of one call themselves.
            cursor = connection.connection.dbapi_connection.execute(  # type: ignore[union-attr]
                compiled.text, compiled.values(parameters)
            )
            rows = [compiled.row(found) for found in cursor.fetchall()] if compiled.row_type is not None else ()
            return Outcome(cursor.rowcount, rows)
        except dialect.loaded_dbapi.Error as fault:
            raise of_driver(fault, connection) from fault


@dataclass(frozen=True, slots=True)
class _Compiled:
    text: str
    constants: dict[str, Any]
    """What is no parameter: a value that stands in the statement."""
    order: tuple[str, ...] | None
    """The names in the order of their marks; None where marks are named."""
    to_driver: tuple[tuple[str, Processor], ...]
    from_driver: tuple[tuple[int, Processor], ...]
    row_type: Any

    def values(self, parameters: Mapping[str, object]) -> Any:  # noqa: ANN401 - a list or a mapping, as the driver wants
        values = parameters
        if self.constants or self.to_driver:
            values = merged = {**self.constants, **parameters}
            for name, process in self.to_driver:
                merged[name] = process(merged[name])
        return values if self.order is None else [values[name] for name in self.order]

    def row(self, found: Sequence[Any]) -> Any:  # noqa: ANN401 - as above
        values = list(found)
        for place, process in self.from_driver:
            values[place] = process(values[place])
        return self.row_type._make(values)


def _compile(statement: Select[Any] | Insert | Update | Delete, dialect: Dialect, names: list[str]) -> _Compiled:
    # An INSERT without values takes its columns from the parameters.
    keys = names if statement.is_insert else None
    compiled: Any = statement.compile(dialect=dialect, column_keys=keys)
    if "POSTCOMPILE" in str(compiled):
        raise ValueError("A hot statement is compiled once: say IN as an OR of the values that there are.")
    processors = {
        name: bind.type.dialect_impl(dialect).bind_processor(dialect) for name, bind in compiled.binds.items()
    }
    columns = list(statement.exported_columns)
    results = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns]
    return _Compiled(
        text=str(compiled),
        constants={name: value for name, value in compiled.params.items() if name not in names},
        order=tuple(compiled.positiontup) if compiled.positional else None,
        to_driver=tuple((name, process) for name, process in processors.items() if process is not None),
        from_driver=tuple((place, process) for place, process in enumerate(results) if process is not None),
        row_type=namedtuple("Row", [column.name for column in columns]) if columns else None,  # noqa: PYI024
    )
