"""Databases to try things on: SQLite always; PostgreSQL where TILLPASS_TEST_POSTGRES_URL names a server.

The URL is that of a database whose user may create others, such as `postgresql+psycopg://postgres@127.0.0.1/postgres`.
"""

from __future__ import annotations

import os
import uuid
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from sqlalchemy import create_engine, make_url, text

from database.engine import Database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# A busy machine must not fail a test of what is right.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'test.db'}"


@pytest.fixture
def postgresql_url() -> Iterator[str]:
    named = os.environ.get("TILLPASS_TEST_POSTGRES_URL")
    if not named:
        pytest.skip("TILLPASS_TEST_POSTGRES_URL names no PostgreSQL server")
    name = f"test_{uuid.uuid4().hex}"
    server = create_engine(named, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield make_url(named).set(database=name).render_as_string(hide_password=False)
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """Give the URL of an empty database, once on SQLite and once on PostgreSQL."""
    given: str = request.getfixturevalue(f"{request.param}_url")
    return given


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    opened = Database(url)
    yield opened
    opened.close()


@pytest.fixture
def sqlite(sqlite_url: str) -> Iterator[Database]:
    opened = Database(sqlite_url)
    yield opened
    opened.close()
