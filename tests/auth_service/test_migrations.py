"""The migrations make exactly the tables that the code names (F16)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic import command

from database.migrations import configuration

if TYPE_CHECKING:
    from auth_service.settings import Settings


def test_the_newest_revision_is_the_tables(settings: Settings) -> None:
    command.check(configuration("auth_service", settings.database_url))
