"""The service under test: see tests/doubles/auth_house.py."""

from tests.doubles.auth_house import (  # noqa: F401 - fixtures are used by name
    clock,
    database_url,
    environment,
    house,
    licenses,
    migrated_file,
    migrated_postgresql,
    settings,
)
