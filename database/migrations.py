"""Run a service's Alembic migrations: one body for every `migrations/env.py`, and the call that migrates at start."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING, Literal

from alembic import command, context
from alembic.config import Config

from database.engine import open_engine
from database.faults import faults_translated
from database.instants import Instant

if TYPE_CHECKING:
    from sqlalchemy import Connection, MetaData


def configuration(package: str, database_url: str) -> Config:
    """Give the Alembic configuration of `package` (its folder `migrations/`) for one database."""
    config = Config()
    folder = str(resources.files(package) / "migrations")
    # A percent sign, as some build servers have in their paths, would begin a reference to another option.
    config.set_main_option("script_location", folder.replace("%", "%%"))
    config.attributes["database_url"] = database_url
    return config


def migrate(package: str, database_url: str) -> None:
    """Bring the database of `package` to the newest revision; harmless when it is there already.

    All of it is done or nothing. Raises DatabaseUnavailableError when the database does not answer.
    """
    with faults_translated():
        command.upgrade(configuration(package, database_url), "head")


def run(metadata: MetaData) -> None:
    """Migrate, or check, the database at hand: the whole body of a service's `migrations/env.py`."""
    engine = open_engine(context.config.attributes["database_url"], for_migrations=True)
    try:
        with engine.connect() as connection:
            _run_on(connection, metadata)
    finally:
        engine.dispose()


def _run_on(connection: Connection, metadata: MetaData) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=True,
        compare_type=True,
        render_item=_render_item,
        # Alembic takes SQLite for a database that cannot undo a CREATE TABLE; opened as ours are, it can.
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def _render_item(kind: str, item: object, _context: object) -> str | Literal[False]:
    # A revision stands for years: it names plain types, not ours.
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, Instant) else False
