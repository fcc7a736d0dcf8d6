"""A notify_service on a real database, with a clock that stands and a letterbox instead of a mail server."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from cryptography.fernet import Fernet

from database.engine import Database
from database.migrations import migrate
from notify_service.actions.post_office import PostOffice
from notify_service.actions.receive_notification import receive_notification
from tests.notify_service.doubles import OWNER, PORTAL, SENDER, Clock, Letterbox, MailServer, Sender

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.doubles.postgresql import PostgresqlServer


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give an SQLite file at the newest revision, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "notify.db"
    migrate("notify_service", f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_url(migrated_file: Path, tmp_path: Path) -> str:
    shutil.copy(migrated_file, tmp_path / "notify.db")
    return f"sqlite:///{tmp_path / 'notify.db'}"


@pytest.fixture(scope="session")
def migrated_postgresql(postgresql: PostgresqlServer) -> str:
    """Give the URL of a PostgreSQL database at the newest revision, to be copied."""
    url = postgresql.new_database()
    migrate("notify_service", url)
    return url


@pytest.fixture
def postgresql_url(postgresql: PostgresqlServer, migrated_postgresql: str) -> str:
    return postgresql.new_database(migrated_postgresql)


@pytest.fixture(params=["sqlite", "postgresql"])
def any_database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """Give an empty database, once on SQLite and once on PostgreSQL."""
    opened = Database(request.getfixturevalue(f"{request.param}_url"))
    yield opened
    opened.close()


@pytest.fixture
def database(sqlite_url: str) -> Iterator[Database]:
    opened = Database(sqlite_url)
    yield opened
    opened.close()


@pytest.fixture
def database_away(tmp_path: Path) -> Database:
    """Give a database whose server is not there."""
    return Database(f"postgresql+psycopg://tillpass@/tillpass?host={tmp_path}")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def letterbox() -> Letterbox:
    return Letterbox()


@pytest.fixture(scope="session")
def sender() -> Sender:
    return Sender(Fernet.generate_key().decode())


@pytest.fixture
def office(database: Database, clock: Clock, letterbox: Letterbox, sender: Sender) -> PostOffice:
    return PostOffice(
        database=database,
        transport=letterbox,
        notification_key=sender.key,
        sender=SENDER,
        portal_url=PORTAL,
        now=clock,
        jitter=lambda: 0.0,
    )


@pytest.fixture
def queued(database: Database, sender: Sender) -> Callable[..., str]:
    """Give a call that writes a new notification down and gives its id."""

    def write_down(recipient: str = OWNER, locale: str = "en") -> str:
        message = sender.message(recipient, locale)
        received = receive_notification(
            database, message, notification_key=sender.key, sender=SENDER, portal_url=PORTAL
        )
        assert received is not None
        return received

    return write_down


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    server = MailServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def settings_given(sqlite_url: str, sender: Sender) -> dict[str, str]:
    """Give the environment of a service that starts."""
    return {
        "NOTIFY_DATABASE_URL": sqlite_url,
        "NOTIFY_REDIS_URL": "redis://127.0.0.1:1/0",
        "NOTIFY_PUBLIC_URL": "http://notify.example:8003",
        "NOTIFY_ISSUER": "http://127.0.0.1:8001",
        "NOTIFY_NOTIFICATION_KEY": sender.key,
        "NOTIFY_SMTP_HOST": "127.0.0.1",
        "NOTIFY_SMTP_PORT": "8025",
        "NOTIFY_SMTP_SECURITY": "none",
        "NOTIFY_FROM_ADDRESS": SENDER,
    }
