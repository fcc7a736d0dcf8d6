from __future__ import annotations

import pytest
from alembic import command
from sqlalchemy import create_engine, inspect

from database.migrations import configuration


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_the_migrations_make_what_the_tables_say(request: pytest.FixtureRequest, kind: str) -> None:
    """`alembic check`: nothing to add."""
    command.check(configuration("notify_service", request.getfixturevalue(f"{kind}_url")))


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_the_first_revision_can_be_taken_back(request: pytest.FixtureRequest, kind: str) -> None:
    url = request.getfixturevalue(f"{kind}_url")
    config = configuration("notify_service", url)

    command.downgrade(config, "base")
    engine = create_engine(url)
    assert inspect(engine).get_table_names() == ["alembic_version"]
    engine.dispose()

    command.upgrade(config, "head")
    command.check(config)
