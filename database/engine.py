"""Open a database, and the two ways to speak to it: a writing transaction and a reading connection.

SQLite: WAL, `BEGIN IMMEDIATE` for every transaction (a deferred one loses read-modify-writes silently), a busy
timeout of 5 s, `synchronous=FULL` because our answers promise durability (F31).
"""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import create_engine, event, make_url, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from database.errors import DatabaseUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine

BUSY_TIMEOUT_SECONDS: Final = 5


class Database:
    """One service's database."""

    def __init__(self, url: str) -> None:
        self.engine = _open(url)
        self._read_engine = self.engine.execution_options(reading=True)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Give a connection in one transaction: committed on a clean exit, undone by any exception.

        Raises DatabaseUnavailableError when the database does not take it; then nothing was done.
        """
        with _translated(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection for reads, which wait for no writer.

        Raises DatabaseUnavailableError.
        """
        with _translated(), self._read_engine.connect() as connection:
            yield connection

    def check(self) -> None:
        """Ask the database one thing. Raises DatabaseUnavailableError when it does not answer."""
        with self.reading() as connection:
            connection.execute(text("SELECT 1"))


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (OperationalError, PoolTimeoutError) as fault:
        raise DatabaseUnavailableError("The database does not answer.") from fault
    except DBAPIError as fault:
        if fault.connection_invalidated:
            raise DatabaseUnavailableError("The connection to the database broke.") from fault
        raise


def _open(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(parsed, pool_pre_ping=True, pool_size=8, max_overflow=8, pool_timeout=BUSY_TIMEOUT_SECONDS)
    if parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(parsed, connect_args={"timeout": BUSY_TIMEOUT_SECONDS})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_immediate)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:  # noqa: ANN401 - sqlite3.Connection behind SQLAlchemy's types
    # The sqlite3 module must not begin transactions by itself; _begin_immediate does.
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_immediate(connection: Connection) -> None:
    # Without BEGIN each statement reads the newest commit and holds no lock.
    if not connection.get_execution_options().get("reading"):
        connection.exec_driver_sql("BEGIN IMMEDIATE")
