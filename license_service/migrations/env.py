"""Alembic's environment of license_service."""

from database.migrations import run
from license_service.storage.tables import metadata

run(metadata)
