"""Open a database, and the two ways to speak to it: a writing transaction and a reading connection.

SQLite: WAL, `BEGIN IMMEDIATE` for every transaction (a deferred one loses read-modify-writes silently), a busy
timeout of 5 s, `synchronous=FULL` because our answers promise durability (F31).
"""

from __future__ import annotations

import threading
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import NullPool, create_engine, event, make_url, text
from sqlalchemy.exc import SQLAlchemyError

from database import connections
from database.connections import FileConnections, ServerConnections
from database.errors import DatabaseUnavailableError
from database.faults import raise_translated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from sqlalchemy import URL, Connection, Engine

    from database.connections import Connections

_AFTER_COMMIT: Final = "after_commit"


class Database:
    """One service's database."""

    def __init__(self, url: str) -> None:
        """Open it; no connection is made yet. Raises DatabaseUnavailableError when its folder cannot be made."""
        self.engine = open_engine(url)
        self._connections: Connections = (
            FileConnections(self.engine) if self.engine.dialect.name == "sqlite" else ServerConnections(self.engine)
        )
        self._joined = threading.local()

    def transaction(self) -> AbstractContextManager[Connection]:
        """Give a connection in one transaction: committed on a clean exit, undone by any exception.

        What `after_commit` was given is called once it is committed. Raises DatabaseUnavailableError when the database
        does not take it; then nothing was done.
        """
        around = self._around()
        return _Transaction(self._connections) if around is None else _part_of(around)

    @contextmanager
    def joined(self) -> Iterator[Connection]:
        """Give a transaction that all others of this thread become part of until it ends: all is kept, or nothing.

        One of them that fails is undone alone; what it raises undoes the rest too, unless it is caught on the way.
        """
        with self.transaction() as connection:
            self._joined.connection = connection
            try:
                yield connection
            finally:
                self._joined.connection = None

    def reading(self) -> AbstractContextManager[Connection]:
        """Give a connection for reads, which wait for no writer.

        Raises DatabaseUnavailableError.
        """
        around = self._around()
        # What was written so far is to be seen.
        return _Reading(self._connections) if around is None else nullcontext(around)

    def close(self) -> None:
        """Close every connection that is not in use."""
        self._connections.close()

    def leave_to_parent(self) -> None:
        """After a fork: speak on no connection that the parent opened."""
        self._connections.leave_to_parent()

    def check(self) -> None:
        """Ask the database one thing. Raises DatabaseUnavailableError when it does not answer."""
        with self.reading() as connection:
            connection.execute(text("SELECT 1"))

    def _around(self) -> Connection | None:
        return getattr(self._joined, "connection", None)


class _Reading:
    """What `Database.reading` gives. A class: the generators of contextlib cost a short reading as much as itself."""

    __slots__ = ("_connection", "_connections")

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def __enter__(self) -> Connection:
        try:
            self._connection = self._connections.take()
        except SQLAlchemyError as fault:
            raise_translated(fault)
            raise
        return self._connection

    def __exit__(self, kind: object, fault: BaseException | None, trace: object) -> None:
        self._connections.give_back(self._connection)
        if fault is not None:
            raise_translated(fault)


class _Transaction:
    """What `Database.transaction` gives; a class for the same reason."""

    __slots__ = ("_calls", "_connection", "_connections")

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def __enter__(self) -> Connection:
        try:
            self._connection = self._connections.begin()
        except SQLAlchemyError as fault:
            raise_translated(fault)
            raise
        self._calls: list[Callable[[], None]] = []
        self._connection.info[_AFTER_COMMIT] = self._calls
        return self._connection

    def __exit__(self, kind: object, fault: BaseException | None, trace: object) -> None:
        if fault is not None:
            self._connections.undo(self._connection)
            raise_translated(fault)
            return
        try:
            self._connections.commit(self._connection)
        except SQLAlchemyError as failed:
            raise_translated(failed)
            raise
        for call in self._calls:
            call()


@contextmanager
def _part_of(around: Connection) -> Iterator[Connection]:
    calls = around.info[_AFTER_COMMIT]
    before = len(calls)
    try:
        with around.begin_nested():
            yield around
    except BaseException:
        del calls[before:]
        raise


def after_commit(connection: Connection, call: Callable[[], None]) -> None:
    """Have `call` called once this connection's transaction is committed, and never if it is undone."""
    connection.info[_AFTER_COMMIT].append(call)


def open_engine(url: str, *, for_migrations: bool = False) -> Engine:
    """Make the engine of a database; its errors never say what was in a row (T55).

    For migrations SQLAlchemy itself begins on SQLite, at once with the right to write; and foreign keys are not held:
    SQLite alters a table by dropping it, which would take its children along.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return _open_server(parsed)
    options: dict[str, Any] = {"hide_parameters": True, "connect_args": {"timeout": connections.BUSY_TIMEOUT_SECONDS}}
    if parsed.database:
        _make_folder(Path(parsed.database).parent)
        # FileConnections keeps those that are to be used again.
        options["poolclass"] = NullPool
    engine = create_engine(parsed, **options)
    event.listen(engine, "connect", _prepare_sqlite)
    if for_migrations:
        engine.dialect.do_begin = _begin_immediate  # type: ignore[method-assign, assignment]
    else:
        event.listen(engine, "connect", _hold_foreign_keys)
    return engine


def _open_server(url: URL) -> Engine:
    if "connect_timeout" not in url.query:
        # The driver itself would wait minutes for a server that takes the connection and says nothing.
        url = url.update_query_dict({"connect_timeout": str(connections.BUSY_TIMEOUT_SECONDS)})
    return create_engine(
        url,
        hide_parameters=True,
        pool_pre_ping=True,
        pool_size=8,
        max_overflow=8,
        pool_timeout=connections.BUSY_TIMEOUT_SECONDS,
    )


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise DatabaseUnavailableError(f"The database's folder {folder} cannot be made.") from fault


def _prepare_sqlite(connection: Any, _record: object) -> None:  # noqa: ANN401 - sqlite3.Connection behind SQLAlchemy's types
    # The sqlite3 module must not begin transactions by itself; _begin_immediate does.
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")


def _hold_foreign_keys(connection: Any, _record: object) -> None:  # noqa: ANN401 - as above
    connection.execute("PRAGMA foreign_keys=ON")


def _begin_immediate(connection: Any) -> None:  # noqa: ANN401 - as above
    connection.driver_connection.execute("BEGIN IMMEDIATE")
