"""Where a transaction's and a reading's connection comes from, and how one begins and ends on it.

SQLAlchemy's own way costs a short transaction as much as its statements do; for SQLite, where there is no server whose
connections could be few or dead, its connections are kept here and begin and end on the driver's own call.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final, Protocol

from sqlalchemy.exc import SQLAlchemyError

from database.errors import DatabaseUnavailableError
from database.faults import of_driver

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

BUSY_TIMEOUT_SECONDS: Final = 5
"""How long is waited for a lock, for a free connection, for connecting."""


class Connections(Protocol):
    """One database's connections. All raise SQLAlchemy's errors, and DatabaseUnavailableError where a turn is long."""

    def take(self) -> Connection:
        """Give one to read on: each statement sees the newest commit, and holds no lock behind it."""

    def give_back(self, connection: Connection) -> None:
        """Take it back, with nothing open on it."""

    def begin(self) -> Connection:
        """Give one with a transaction to write in."""

    def commit(self, connection: Connection) -> None:
        """Keep what was done in it, and take it back."""

    def undo(self, connection: Connection) -> None:
        """Undo it, and take it back; raises nothing where the connection is what has broken."""

    def close(self) -> None:
        """Close those that are not in use."""

    def leave_to_parent(self) -> None:
        """After a fork: touch none of those that the parent opened."""


class ServerConnections:
    """Those of a database server: SQLAlchemy's pool, whose connections are few and tried before they are used."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._reading = engine.execution_options(isolation_level="AUTOCOMMIT")

    def take(self) -> Connection:
        return self._reading.connect()

    def give_back(self, connection: Connection) -> None:
        connection.close()

    def begin(self) -> Connection:
        connection = self._engine.connect()
        connection.begin()
        return connection

    def commit(self, connection: Connection) -> None:
        with connection:
            connection.commit()

    def undo(self, connection: Connection) -> None:
        connection.close()

    def close(self) -> None:
        self._engine.dispose()

    def leave_to_parent(self) -> None:
        self._engine.dispose(close=False)


class FileConnections:
    """Those of a SQLite database. The one that was used last still knows the newest pages, and is taken first."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._idle: list[Connection] = []
        self._inherited: list[Connection] = []
        # SQLite has one writer, and who waits for it there asks again at intervals: in a throng some never get in. So
        # the threads of one process take turns before they ask.
        self._turn = threading.Lock()

    def take(self) -> Connection:
        try:
            return self._idle.pop()
        except IndexError:
            return self._engine.connect()

    def give_back(self, connection: Connection) -> None:
        # Ends what SQLAlchemy takes for a transaction; on the driver nothing was begun.
        connection.rollback()
        self._idle.append(connection)

    def begin(self) -> Connection:
        if not self._turn.acquire(timeout=BUSY_TIMEOUT_SECONDS):
            raise DatabaseUnavailableError("The database is busy with other work.")
        try:
            connection = self.take()
            try:
                _driver(connection).execute("BEGIN IMMEDIATE")
            except connection.dialect.loaded_dbapi.Error as fault:
                refused = of_driver(fault, connection)
                connection.close()
                raise refused from fault
        except BaseException:
            self._turn.release()
            raise
        return connection

    def commit(self, connection: Connection) -> None:
        try:
            if connection.in_transaction():
                connection.commit()
            else:
                _driver(connection).commit()
        except connection.dialect.loaded_dbapi.Error as fault:
            refused = of_driver(fault, connection)
            self.undo(connection)
            raise refused from fault
        except BaseException:
            self.undo(connection)
            raise
        self._turn.release()
        self._idle.append(connection)

    def undo(self, connection: Connection) -> None:
        try:
            connection.rollback()
            _driver(connection).rollback()
            self._idle.append(connection)
        except (SQLAlchemyError, connection.dialect.loaded_dbapi.Error):
            # Broken; what was begun on it ends with it.
            connection.close()
        finally:
            self._turn.release()

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()
        self._engine.dispose()

    def leave_to_parent(self) -> None:
        # Kept, since SQLite would close its files where they are forgotten.
        self._inherited += self._idle
        self._idle = []
        self._engine.dispose(close=False)


def _driver(connection: Connection) -> Any:  # noqa: ANN401 - sqlite3.Connection behind SQLAlchemy's types
    return connection.connection.driver_connection
