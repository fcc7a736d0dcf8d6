"""Open a database, and the two ways to speak to it: a writing transaction and a reading connection.

SQLite: WAL, `BEGIN IMMEDIATE` for every transaction (a deferred one loses read-modify-writes silently), a busy
timeout of 5 s, `synchronous=FULL` because our answers promise durability (F31).
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import create_engine, event, make_url, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from database.errors import DatabaseUnavailableError, TransactionUndoneError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import URL, Connection, Engine

BUSY_TIMEOUT_SECONDS: Final = 5
_AFTER_COMMIT: Final = "after_commit"
_UNDONE: Final = frozenset({"40001", "40P01"})
"""SQLSTATE serialization_failure and deadlock_detected."""


class Database:
    """One service's database."""

    def __init__(self, url: str) -> None:
        """Open it; no connection is made yet. Raises DatabaseUnavailableError when its folder cannot be made."""
        self.engine = open_engine(url)
        self._read_engine = _reading(self.engine)
        self._writing = threading.Lock() if _is_sqlite(self.engine) else None
        self._joined = threading.local()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Give a connection in one transaction: committed on a clean exit, undone by any exception.

        What `after_commit` was given is called once it is committed. Raises DatabaseUnavailableError when the database
        does not take it; then nothing was done.
        """
        around = self._around()
        if around is not None:
            with _part_of(around):
                yield around
            return
        calls: list[Callable[[], None]] = []
        with self._turn(), faults_translated(), self.engine.begin() as connection:
            connection.info[_AFTER_COMMIT] = calls
            yield connection
        for call in calls:
            call()

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

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection for reads, which wait for no writer.

        Raises DatabaseUnavailableError.
        """
        around = self._around()
        if around is not None:
            # What was written so far is to be seen.
            yield around
            return
        with faults_translated(), self._read_engine.connect() as connection:
            yield connection

    def close(self) -> None:
        """Close every connection that is not in use."""
        self.engine.dispose()

    def check(self) -> None:
        """Ask the database one thing. Raises DatabaseUnavailableError when it does not answer."""
        with self.reading() as connection:
            connection.execute(text("SELECT 1"))

    def _around(self) -> Connection | None:
        return getattr(self._joined, "connection", None)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        # SQLite has one writer, and who waits for it there asks again at intervals: in a throng some never get in. So
        # the threads of one process take turns before they ask.
        if self._writing is None:
            yield
        elif self._writing.acquire(timeout=BUSY_TIMEOUT_SECONDS):
            try:
                yield
            finally:
                self._writing.release()
        else:
            raise DatabaseUnavailableError("The database is busy with other work.")


@contextmanager
def _part_of(around: Connection) -> Iterator[None]:
    calls = around.info[_AFTER_COMMIT]
    before = len(calls)
    try:
        with around.begin_nested():
            yield
    except BaseException:
        del calls[before:]
        raise


def after_commit(connection: Connection, call: Callable[[], None]) -> None:
    """Have `call` called once this connection's transaction is committed, and never if it is undone."""
    connection.info[_AFTER_COMMIT].append(call)


@contextmanager
def faults_translated() -> Iterator[None]:
    """Turn what a driver says when its database does not do the work into our errors; our defects pass."""
    try:
        yield
    except PoolTimeoutError as fault:
        raise DatabaseUnavailableError("No connection to the database was free.") from fault
    except OperationalError as fault:
        # SQLite calls every fault operational. SQLITE_ERROR is a statement that will never work: no such table.
        if getattr(fault.orig, "sqlite_errorname", None) == "SQLITE_ERROR":
            raise
        if getattr(fault.orig, "sqlstate", None) in _UNDONE:
            raise TransactionUndoneError("The database undid the work for the sake of another.") from fault
        raise DatabaseUnavailableError("The database does not answer.") from fault
    except DBAPIError as fault:
        if fault.connection_invalidated:
            raise DatabaseUnavailableError("The connection to the database broke.") from fault
        raise


def open_engine(url: str, *, foreign_keys: bool = True) -> Engine:
    """Make the engine of a database; its errors never say what was in a row (T55).

    `foreign_keys` off is for migrations: SQLite alters a table by dropping it, which would take its children along.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return _open_server(parsed)
    options: dict[str, Any] = {"hide_parameters": True, "connect_args": {"timeout": BUSY_TIMEOUT_SECONDS}}
    if parsed.database:
        _make_folder(Path(parsed.database).parent)
        # The connection that came back last still knows the newest pages; the others must read them again.
        options["pool_use_lifo"] = True
    engine = create_engine(parsed, **options)
    event.listen(engine, "connect", _prepare_sqlite)
    if foreign_keys:
        event.listen(engine, "connect", _hold_foreign_keys)
    # Not by the event "begin": an engine that has events pays for them with every statement.
    engine.dialect.do_begin = _begin_immediate  # type: ignore[method-assign, assignment]
    return engine


def _reading(engine: Engine) -> Engine:
    """Give an engine on the same connections that begins nothing: each statement reads the newest commit, unlocked."""
    if _is_sqlite(engine):
        return create_engine(engine.url, pool=engine.pool, hide_parameters=True)
    return engine.execution_options(isolation_level="AUTOCOMMIT")


def _is_sqlite(engine: Engine) -> bool:
    return engine.dialect.name == "sqlite"


def _open_server(url: URL) -> Engine:
    if "connect_timeout" not in url.query:
        # The driver itself would wait minutes for a server that takes the connection and says nothing.
        url = url.update_query_dict({"connect_timeout": str(BUSY_TIMEOUT_SECONDS)})
    return create_engine(
        url,
        hide_parameters=True,
        pool_pre_ping=True,
        pool_size=8,
        max_overflow=8,
        pool_timeout=BUSY_TIMEOUT_SECONDS,
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
