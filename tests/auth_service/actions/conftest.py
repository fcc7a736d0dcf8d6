"""What may happen only once is shown on both databases."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path, migrated_file: Path) -> str:
    if request.param == "postgresql":
        template: str = request.getfixturevalue("migrated_postgresql")
        url: str = request.getfixturevalue("postgresql").new_database(template)
        return url
    shutil.copy(migrated_file, tmp_path / "auth.sqlite3")
    return f"sqlite:///{tmp_path / 'auth.sqlite3'}"
