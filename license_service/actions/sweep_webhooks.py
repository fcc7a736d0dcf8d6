"""Forget what was told long ago."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from database.retried import retried
from license_service.storage import webhook_deliveries

if TYPE_CHECKING:
    from datetime import datetime

    from database.engine import Database

KEPT: Final = timedelta(days=30)
"""For how long deliveries are shown, and can be sent again."""


@retried
def sweep_webhooks(database: Database, *, now: datetime) -> None:
    """Delete deliveries, and events that none is left of. Raises DatabaseUnavailableError."""
    with database.transaction() as connection:
        webhook_deliveries.forget_before(connection, now - KEPT)
