"""Read one synchronization, with its receipt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from license_service.domain.errors import SynchronizationNotFoundError
from license_service.storage import synchronizations

if TYPE_CHECKING:
    from datetime import datetime

    from database.engine import Database
    from license_service.domain.synchronization import Synchronization


def read_synchronization(
    database: Database, run_id: str, *, now: datetime, visible_to: str | None = None
) -> Synchronization:
    """Give the run as it stands now.

    Raises SynchronizationNotFoundError, also when it is not of the organization that the caller sees (T44).
    """
    with database.reading() as connection:
        run = synchronizations.by_id(connection, run_id, visible_to)
    if run is None:
        raise SynchronizationNotFoundError
    return run.seen_at(now)
