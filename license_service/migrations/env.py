"""Alembic's environment of license_service."""

from database.migrations import run
from license_service.storage.contact_tables import contacts

# With these tables come all others, which they are beside.
run(contacts.metadata)
