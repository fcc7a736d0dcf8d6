from __future__ import annotations

import logging
from contextlib import contextmanager
from datetime import timedelta
from threading import Semaphore
from typing import TYPE_CHECKING

from database.engine import Database
from database.errors import DatabaseUnavailableError
from notify_service.actions.keep_lease import RENEWALS_PER_LEASE, keep_lease
from notify_service.storage import notifications

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pytest
    from sqlalchemy import Connection

    from notify_service.domain.notification import Notification
    from tests.notify_service.doubles import Clock

SOON = 5.0
LEASE = 0.04


class WatchedDatabase(Database):
    """Counts the transactions that ended; the first `refusals` are refused."""

    def __init__(self, url: str, refusals: int = 0) -> None:
        super().__init__(url)
        self.refusals = refusals
        self.ended = Semaphore(0)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        self.refusals -= 1
        if self.refusals >= 0:
            raise DatabaseUnavailableError("away")
        with super().transaction() as connection:
            yield connection
        self.ended.release()


def leased(database: Database, notification_id: str, clock: Clock) -> Notification:
    with database.transaction() as connection:
        taken = notifications.take_lease(
            connection, notification_id, now=clock.now, lease_until=clock.now + timedelta(seconds=LEASE)
        )
    assert taken is not None
    return taken


def found(database: Database, notification_id: str) -> Notification:
    with database.reading() as connection:
        row = notifications.find(connection, notification_id)
    assert row is not None
    return row


def test_the_lease_is_renewed_for_as_long_as_the_block_runs(
    database: Database, sqlite_url: str, clock: Clock, queued: Callable[..., str]
) -> None:
    """F34: never a second copy while the first runs."""
    notification = leased(database, queued(), clock)
    watched = WatchedDatabase(sqlite_url)
    clock.pass_by(seconds=60)

    with keep_lease(watched, notification, seconds=LEASE, now=clock):
        assert watched.ended.acquire(timeout=SOON)
        assert found(database, notification.id).lease_until == clock.now + timedelta(seconds=LEASE)
        clock.pass_by(seconds=60)
        for _ in range(RENEWALS_PER_LEASE):
            assert watched.ended.acquire(timeout=SOON)
        assert found(database, notification.id).lease_until == clock.now + timedelta(seconds=LEASE)
    watched.close()


def test_nothing_is_renewed_after_the_block(
    database: Database, sqlite_url: str, clock: Clock, queued: Callable[..., str]
) -> None:
    notification = leased(database, queued(), clock)
    watched = WatchedDatabase(sqlite_url)

    with keep_lease(watched, notification, seconds=LEASE, now=clock):
        pass
    while watched.ended.acquire(blocking=False):
        """Renewed before the block ended, however short it was."""

    assert not watched.ended.acquire(timeout=LEASE * 3)


def test_a_renewal_that_the_database_does_not_take_is_tried_again(
    database: Database, sqlite_url: str, clock: Clock, queued: Callable[..., str], caplog: pytest.LogCaptureFixture
) -> None:
    """F27, F28."""
    caplog.set_level(logging.WARNING)
    notification = leased(database, queued(), clock)
    watched = WatchedDatabase(sqlite_url, refusals=2)

    with keep_lease(watched, notification, seconds=LEASE, now=clock):
        assert watched.ended.acquire(timeout=SOON)

    assert caplog.messages == ["lease not renewed", "lease not renewed"]
    watched.close()
