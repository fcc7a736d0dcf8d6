from auth_service.storage.tables import metadata
from database.migrations import run

run(metadata)
