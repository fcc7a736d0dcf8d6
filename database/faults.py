"""What a driver says when its database does not do the work, in SQLAlchemy's words and in ours."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from database.errors import DatabaseUnavailableError, TransactionUndoneError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

_UNDONE: Final = frozenset({"40001", "40P01"})
"""SQLSTATE serialization_failure and deadlock_detected."""


@contextmanager
def faults_translated() -> Iterator[None]:
    """Turn what a driver says when its database does not do the work into our errors; our defects pass."""
    try:
        yield
    except SQLAlchemyError as fault:
        raise_translated(fault)
        raise


def raise_translated(fault: BaseException) -> None:
    """Raise our error for what SQLAlchemy raised; do nothing where it is a defect, or nothing of a database."""
    ours = _translated(fault)
    if ours is not None:
        raise ours from fault


def of_driver(fault: Exception, connection: Connection) -> BaseException:
    """Give SQLAlchemy's error for what the driver itself raised on this connection; it quotes no values (T55)."""
    dialect = connection.dialect
    broken = dialect.is_disconnect(fault, connection.connection.dbapi_connection, None)  # type: ignore[arg-type]
    if broken:
        connection.invalidate(fault)
    return DBAPIError.instance(
        None,
        None,
        fault,
        dialect.loaded_dbapi.Error,
        hide_parameters=True,
        connection_invalidated=broken,
        dialect=dialect,
    )


def _translated(fault: BaseException) -> DatabaseUnavailableError | None:
    if isinstance(fault, PoolTimeoutError):
        return DatabaseUnavailableError("No connection to the database was free.")
    if isinstance(fault, OperationalError):
        # SQLite calls every fault operational. SQLITE_ERROR is a statement that will never work: no such table.
        if getattr(fault.orig, "sqlite_errorname", None) == "SQLITE_ERROR":
            return None
        if getattr(fault.orig, "sqlstate", None) in _UNDONE:
            return TransactionUndoneError("The database undid the work for the sake of another.")
        return DatabaseUnavailableError("The database does not answer.")
    if isinstance(fault, DBAPIError) and fault.connection_invalidated:
        return DatabaseUnavailableError("The connection to the database broke.")
    return None
