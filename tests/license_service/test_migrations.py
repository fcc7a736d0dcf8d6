from __future__ import annotations

import pytest
from alembic import command

from database.engine import Database
from database.migrations import configuration, migrate
from license_service.storage.tables import metadata


@pytest.fixture(params=["sqlite_url", "postgresql_url"])
def url(request: pytest.FixtureRequest) -> str:
    found: str = request.getfixturevalue(request.param)
    return found


def test_the_migrations_make_the_tables_that_the_code_knows(url: str) -> None:
    command.check(configuration("license_service", url))


def test_migrating_again_changes_nothing(url: str) -> None:
    migrate("license_service", url)

    command.check(configuration("license_service", url))


def test_the_first_revision_can_be_undone(url: str) -> None:
    command.downgrade(configuration("license_service", url), "base")
    database = Database(url)

    with database.reading() as connection:
        assert not any(connection.dialect.has_table(connection, name) for name in metadata.tables)
    database.engine.dispose()
