"""auth_service in four processes, once on SQLite and once on PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from database.migrations import migrate
from tests.doubles.auth_processes import running_auth_processes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.doubles.auth_processes import AuthProcesses

WORKERS = 4


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def auth(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AuthProcesses]:
    """The service with four workers, so that races are between processes too."""
    folder = tmp_path_factory.mktemp(f"auth-{request.param}")
    url = f"sqlite:///{folder / 'auth.sqlite3'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql").new_database()
    migrate("auth_service", url)
    with running_auth_processes(folder, url, workers=WORKERS) as running:
        yield running
