"""Transactions and reads, on SQLite and PostgreSQL alike (F27, F28, F30, F31; architecture §4)."""

from __future__ import annotations

import socket
import threading
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from database import connections
from database.engine import Database, after_commit
from database.errors import DatabaseUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection

THREADS = 8
TIMES = 100


def _with_counter(database: Database) -> Database:
    with database.transaction() as connection:
        connection.execute(text("CREATE TABLE counter (n INTEGER NOT NULL PRIMARY KEY)"))
        connection.execute(text("INSERT INTO counter VALUES (0)"))
    return database


def _count(connection: Connection) -> int:
    counted: int = connection.execute(text("SELECT n FROM counter")).scalar_one()
    return counted


def _set(connection: Connection, n: int) -> None:
    connection.execute(text("UPDATE counter SET n = :n"), {"n": n})


def _set_and_fail(database: Database) -> None:
    with database.transaction() as connection:
        _set(connection, 7)
        raise KeyError


def _set_and_execute(database: Database, *statements: str) -> None:
    with database.transaction() as connection:
        _set(connection, 7)
        for statement in statements:
            connection.execute(text(statement))


def _in_threads(work: Any) -> list[BaseException]:
    faults: list[BaseException] = []
    together = threading.Barrier(THREADS)

    def run() -> None:
        together.wait(30)
        try:
            for _ in range(TIMES):
                work()
        except Exception as fault:  # noqa: BLE001 - it is what the test looks at
            faults.append(fault)

    threads = [threading.Thread(target=run) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return faults


# --- a transaction is whole --------------------------------------------------------------------------------------


def test_clean_exit_commits(database: Database) -> None:
    _with_counter(database)

    with database.transaction() as connection:
        _set(connection, 7)

    with database.reading() as connection:
        assert _count(connection) == 7


def test_any_exception_undoes_all_of_it(database: Database) -> None:
    _with_counter(database)

    with pytest.raises(KeyError):
        _set_and_fail(database)

    with database.reading() as connection:
        assert _count(connection) == 0


def test_call_after_commit_sees_what_was_committed(database: Database) -> None:
    _with_counter(database)
    seen: list[int] = []

    def look() -> None:
        with database.reading() as connection:
            seen.append(_count(connection))

    with database.transaction() as connection:
        after_commit(connection, look)
        _set(connection, 7)
        assert seen == []

    assert seen == [7]


def test_nothing_is_called_for_what_was_undone_not_even_later(database: Database) -> None:
    """The connection is used again: what was to be called must not wait in it."""
    called: list[str] = []

    def ask_and_fail() -> None:
        with database.transaction() as connection:
            after_commit(connection, lambda: called.append("undone"))
            raise KeyError

    with pytest.raises(KeyError):
        ask_and_fail()
    with database.transaction() as connection:
        after_commit(connection, lambda: called.append("committed"))
    with database.transaction():
        pass

    assert called == ["committed"]


def test_fault_of_one_statement_undoes_those_before_it(database: Database) -> None:
    _with_counter(database)

    with pytest.raises(IntegrityError):
        _set_and_execute(database, "INSERT INTO counter VALUES (7)")

    with database.reading() as connection:
        assert _count(connection) == 0


def test_no_read_modify_write_is_lost_on_sqlite(sqlite: Database) -> None:
    """F27: a deferred transaction loses most of these silently."""
    _with_counter(sqlite)

    def add_one() -> None:
        with sqlite.transaction() as connection:
            _set(connection, _count(connection) + 1)

    assert _in_threads(add_one) == []
    with sqlite.reading() as connection:
        assert _count(connection) == THREADS * TIMES


def test_threads_of_one_process_take_turns_on_sqlite(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it SQLite, which has no patience here, would refuse all but one of them."""
    monkeypatch.setattr(connections, "BUSY_TIMEOUT_SECONDS", 0)
    opened = _with_counter(Database(sqlite_url))
    monkeypatch.setattr(connections, "BUSY_TIMEOUT_SECONDS", 60)

    def add_one() -> None:
        with opened.transaction() as connection:
            _set(connection, _count(connection) + 1)

    assert _in_threads(add_one) == []
    opened.close()


def test_writers_of_postgresql_do_not_wait_for_each_other(postgresql_url: str) -> None:
    """Both are of one thread here: a writer that waited for its turn could never go on."""
    opened = _with_counter(Database(postgresql_url))

    with opened.transaction() as first, opened.transaction() as second:
        first.execute(text("INSERT INTO counter VALUES (1)"))
        second.execute(text("INSERT INTO counter VALUES (2)"))

    with opened.reading() as connection:
        kept = set(connection.execute(text("SELECT n FROM counter")).scalars())
    opened.close()
    assert {1, 2} <= kept


def test_conditional_update_is_won_once(database: Database) -> None:
    """T05, T59: what may happen once is one conditional statement whose row count is checked."""
    _with_counter(database)
    won: list[int] = []

    def try_next() -> None:
        with database.transaction() as connection:
            n = _count(connection)
            done = connection.execute(text("UPDATE counter SET n = n + 1 WHERE n = :n"), {"n": n})
        if done.rowcount:
            won.append(n)

    assert _in_threads(try_next) == []
    with database.reading() as connection:
        assert sorted(won) == list(range(_count(connection)))


def test_reader_does_not_wait_for_a_writer(database: Database) -> None:
    """Both are of one thread here: a reader that waited could never go on."""
    _with_counter(database)

    with database.transaction() as connection:
        _set(connection, 7)
        with database.reading() as reader:
            seen_meanwhile = _count(reader)

    assert seen_meanwhile == 0


def test_reading_sees_what_was_committed_since(database: Database) -> None:
    _with_counter(database)

    with database.reading() as reader:
        before = _count(reader)
        with database.transaction() as connection:
            _set(connection, 7)
        after = _count(reader)

    assert (before, after) == (0, 7)


def test_transaction_on_the_connection_of_a_reading_is_undone_as_well(database: Database) -> None:
    """A reading begins nothing; what comes behind it on its connection must begin."""
    _with_counter(database)
    with database.reading() as connection:
        assert _count(connection) == 0

    with pytest.raises(KeyError):
        _set_and_fail(database)

    with database.reading() as connection:
        assert _count(connection) == 0


def test_reading_leaves_no_transaction_open_on_postgresql(postgresql_url: str) -> None:
    with closing(Database(postgresql_url)) as opened, opened.reading() as one, opened.reading() as another:
        one.execute(text("SELECT 1"))
        pid = one.connection.driver_connection.info.backend_pid  # type: ignore[union-attr]
        state = another.execute(text("SELECT state FROM pg_stat_activity WHERE pid = :pid"), {"pid": pid})

        assert state.scalar_one() == "idle"


def test_sqlite_keeps_what_was_answered(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """F31: synchronous=FULL (2) in WAL; F27: milliseconds of patience with other processes."""
    assert connections.BUSY_TIMEOUT_SECONDS == 5
    monkeypatch.setattr(connections, "BUSY_TIMEOUT_SECONDS", 7)
    opened = Database(sqlite_url)

    with opened.reading() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }

    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 7000}
    opened.close()


def test_foreign_key_holds(database: Database) -> None:
    with database.transaction() as connection:
        connection.execute(text("CREATE TABLE parent (id INTEGER PRIMARY KEY)"))
        connection.execute(text("CREATE TABLE child (parent_id INTEGER REFERENCES parent (id))"))

    with pytest.raises(IntegrityError), database.transaction() as connection:
        connection.execute(text("INSERT INTO child VALUES (1)"))


# --- a database that does not take the work ----------------------------------------------------------------------


@pytest.fixture
def impatient(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    monkeypatch.setattr(connections, "BUSY_TIMEOUT_SECONDS", 0.05)
    opened = _with_counter(Database(sqlite_url))
    yield opened
    opened.close()


@pytest.fixture(params=["this process", "another process"])
def lock_holder(request: pytest.FixtureRequest, impatient: Database, sqlite_url: str) -> Iterator[Database]:
    """Give what holds the lock: the same Database, or one that shares nothing with it but the file."""
    holder = impatient if request.param == "this process" else Database(sqlite_url)
    yield holder
    holder.close()


def test_locked_database_is_unavailable_after_the_busy_timeout(impatient: Database, lock_holder: Database) -> None:
    """F27: waits, then 503; and nothing of the refused work is done."""
    with lock_holder.transaction(), pytest.raises(DatabaseUnavailableError):
        _set_and_execute(impatient)

    with impatient.reading() as connection:
        assert _count(connection) == 0


def test_locked_database_can_still_be_read_and_is_ready(impatient: Database, lock_holder: Database) -> None:
    with lock_holder.transaction() as writer:
        _set(writer, 7)
        impatient.check()


def test_database_is_used_again_once_the_lock_is_gone(impatient: Database, lock_holder: Database) -> None:
    with lock_holder.transaction(), pytest.raises(DatabaseUnavailableError):
        _set_and_execute(impatient)

    _set_and_execute(impatient)

    with impatient.reading() as connection:
        assert _count(connection) == 7


def test_full_disk_is_unavailable_for_writes_and_open_for_reads(sqlite: Database) -> None:
    """F30."""
    _with_counter(sqlite)
    with sqlite.reading() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

    with pytest.raises(DatabaseUnavailableError):
        _set_and_execute(sqlite, "CREATE TABLE large (content BLOB)", "INSERT INTO large VALUES (zeroblob(1000000))")

    with sqlite.reading() as connection:
        assert _count(connection) == 0


def test_missing_folder_is_made(tmp_path: Path) -> None:
    opened = Database(f"sqlite:///{tmp_path / 'var' / 'auth' / 'auth.db'}")

    opened.check()

    opened.close()


def test_folder_that_cannot_be_made_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")

    with pytest.raises(DatabaseUnavailableError):
        Database(f"sqlite:///{tmp_path / 'file' / 'auth' / 'auth.db'}")


def test_path_that_is_a_folder_is_unavailable(tmp_path: Path) -> None:
    opened = Database(f"sqlite:///{tmp_path}")

    with pytest.raises(DatabaseUnavailableError):
        opened.check()
    with pytest.raises(DatabaseUnavailableError), opened.transaction():
        pass


def test_database_in_memory_is_open_at_once() -> None:
    opened = Database("sqlite://")

    opened.check()

    opened.close()


def test_server_that_is_down_is_unavailable() -> None:
    """F28."""
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]
    opened = Database(f"postgresql+psycopg://tillpass@127.0.0.1:{port}/auth")

    with pytest.raises(DatabaseUnavailableError):
        opened.check()
    with pytest.raises(DatabaseUnavailableError), opened.transaction():
        pass


def test_server_that_never_answers_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    """F28, F23: a connection that is accepted and left alone must not hold a worker for ever."""
    monkeypatch.setattr(connections, "BUSY_TIMEOUT_SECONDS", 1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        opened = Database(f"postgresql+psycopg://tillpass@127.0.0.1:{silent.getsockname()[1]}/auth")

        with pytest.raises(DatabaseUnavailableError):
            opened.check()


def test_limit_that_the_url_names_stands() -> None:
    opened = Database("postgresql+psycopg://tillpass@127.0.0.1/auth?connect_timeout=60")

    assert opened.engine.url.query["connect_timeout"] == "60"


def test_server_that_ends_our_connection_is_unavailable_once(postgresql_url: str) -> None:
    """F28: nothing is half done, and the pool heals."""
    opened = _with_counter(Database(postgresql_url))
    killer = Database(postgresql_url)

    def end_our_connection() -> None:
        with opened.transaction() as connection:
            _set(connection, 7)
            process = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
            with killer.transaction() as other:
                other.execute(text("SELECT pg_terminate_backend(:process)"), {"process": process})
            _set(connection, 8)

    with pytest.raises(DatabaseUnavailableError):
        end_our_connection()

    with opened.reading() as connection:
        assert _count(connection) == 0
    opened.close()
    killer.close()


def test_server_that_came_back_while_we_were_idle_is_used_at_once(postgresql_url: str) -> None:
    """F28: what lay in the pool is tried before it is used."""
    opened = _with_counter(Database(postgresql_url))
    killer = Database(postgresql_url)
    with killer.transaction() as connection:
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
        connection.execute(text(f"{others} AND pid <> pg_backend_pid()"))

    _set_and_execute(opened)

    with opened.reading() as connection:
        counted = _count(connection)
    opened.close()
    killer.close()
    assert counted == 7


def test_no_free_connection_is_unavailable(postgresql_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixteen for one process, and not one more: the server has few for all."""
    monkeypatch.setattr(connections, "BUSY_TIMEOUT_SECONDS", 1)
    opened = Database(postgresql_url)

    with ExitStack() as held:
        for _ in range(16):
            held.enter_context(opened.reading())
        with pytest.raises(DatabaseUnavailableError):
            opened.check()

    assert opened.engine.pool.timeout() == 1
    opened.check()
    opened.close()


@pytest.mark.parametrize(
    "fault",
    [
        PoolTimeoutError("QueuePool limit reached"),
        DBAPIError("SELECT 1", {}, Exception("gone"), connection_invalidated=True),
    ],
    ids=["no connection free", "connection broken"],
)
def test_driver_s_own_words_for_it_are_translated(fault: Exception, sqlite: Database) -> None:
    with pytest.raises(DatabaseUnavailableError), sqlite.reading():
        raise fault


# --- a defect of ours --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("statement", ["SELECT n FROM nowhere", "SELECT missing FROM counter", "SELEC 1"])
def test_statement_that_can_never_work_is_our_defect(statement: str, database: Database) -> None:
    """To ask again later would not help: it is no 503, on SQLite neither, which calls all its faults alike."""
    _with_counter(database)

    with pytest.raises((OperationalError, ProgrammingError)), database.reading() as connection:
        connection.execute(text(statement))


def test_other_faults_of_the_driver_pass(sqlite: Database) -> None:
    with pytest.raises(DBAPIError), sqlite.reading():
        raise DBAPIError("SELECT 1", {}, Exception("a defect"))


def test_no_error_says_what_was_written(database: Database) -> None:
    """T55: what an error says is logged, and a row may hold a digest or an address."""
    _with_counter(database)
    insert = text("INSERT INTO counter VALUES (:n), (0)")

    with pytest.raises(IntegrityError) as refusal, database.transaction() as connection:
        connection.execute(insert, {"n": 123454321})

    assert "INSERT INTO counter" in str(refusal.value)
    assert "123454321" not in str(refusal.value)
