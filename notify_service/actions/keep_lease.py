"""Renew the lease of a notification while its email is being sent, however slow the mail server is (F34)."""

from __future__ import annotations

import logging
import threading
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from database.errors import DatabaseUnavailableError
from notify_service.storage import notifications

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from database.engine import Database
    from notify_service.domain.notification import Notification

RENEWALS_PER_LEASE: Final = 4

_log = logging.getLogger(__name__)


@contextmanager
def keep_lease(
    database: Database, notification: Notification, *, seconds: float, now: Callable[[], datetime]
) -> Iterator[None]:
    """Hold the lease of `notification` for as long as the block runs. If this process dies, so does the lease."""
    over = threading.Event()

    def keep() -> None:
        while not over.wait(seconds / RENEWALS_PER_LEASE):
            _renew(database, notification, until=now() + timedelta(seconds=seconds))

    keeper = threading.Thread(target=keep, name=f"lease of {notification.id}", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        over.set()
        keeper.join()


def _renew(database: Database, notification: Notification, *, until: datetime) -> None:
    try:
        with database.transaction() as connection:
            notifications.renew_lease(connection, notification.id, lease=notification.leases, lease_until=until)
    except DatabaseUnavailableError:
        # The next renewal comes before the lease runs out.
        _log.warning("lease not renewed", extra={"notification_id": notification.id})
