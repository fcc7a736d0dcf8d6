"""The service under test: see tests/doubles/auth_house.py."""

from tests.doubles.auth_house import clock, database_url, house, licenses, migrated, settings  # noqa: F401 - fixtures are used by name
