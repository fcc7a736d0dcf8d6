"""Alembic environment of notify_service's database."""

from database.migrations import run
from notify_service.storage.tables import metadata

run(metadata)
