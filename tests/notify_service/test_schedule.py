"""Several beats, of which one calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from celery import Celery

from notify_service.actions.hold_beat_lease import BEAT_LEASE_SECONDS
from notify_service.schedule import SCHEDULE, STANDBY_SECONDS, LeasedScheduler, leased_scheduler

if TYPE_CHECKING:
    from collections.abc import Callable

    from database.engine import Database
    from tests.notify_service.doubles import Clock


class CountedCalls(LeasedScheduler):
    """Publishes nothing and counts."""

    calls = 0

    def apply_entry(self, entry: Any, producer: Any = None) -> None:
        self.calls += 1

    @property
    def producer(self) -> None:
        return None


@pytest.fixture
def beat(database: Database, clock: Clock) -> Callable[..., CountedCalls]:
    celery = Celery("tests", broker="memory://", set_as_current=False)
    celery.conf.beat_schedule = {"redrive": {**SCHEDULE["redrive"], "schedule": 0.0}}

    def start(on: Database = database) -> CountedCalls:
        return CountedCalls(on, clock, app=celery, lazy=False)

    return start


def test_of_two_beats_one_calls(beat: Callable[..., CountedCalls]) -> None:
    """F12: two plain ones would call twice."""
    first, second = beat(), beat()

    for _ in range(6):
        first.tick()
        assert second.tick() == STANDBY_SECONDS

    assert first.calls > 0
    assert second.calls == 0


def test_another_beat_takes_over_from_one_that_died(beat: Callable[..., CountedCalls], clock: Clock) -> None:
    """F12: restarted or not, somebody catches up."""
    first, second = beat(), beat()
    first.tick()
    clock.pass_by(seconds=BEAT_LEASE_SECONDS)

    second.tick()
    second.tick()

    assert second.calls > 0
    assert first.tick() == STANDBY_SECONDS


def test_the_lease_is_renewed_while_its_holder_ticks(beat: Callable[..., CountedCalls], clock: Clock) -> None:
    first, second = beat(), beat()

    for _ in range(9):
        first.tick()
        clock.pass_by(seconds=5)
        assert second.tick() == STANDBY_SECONDS


def test_another_beat_takes_over_at_once_from_one_that_was_stopped(beat: Callable[..., CountedCalls]) -> None:
    first, second = beat(), beat()
    first.tick()

    second.close()
    first.close()

    assert second.tick() != STANDBY_SECONDS


def test_no_beat_calls_while_the_database_is_away(beat: Callable[..., CountedCalls], database_away: Database) -> None:
    """F28: without it there is nothing to call for."""
    lost = beat(database_away)

    assert lost.tick() == STANDBY_SECONDS
    lost.close()


def test_celery_can_make_it(database: Database, clock: Clock) -> None:
    made = leased_scheduler(database, clock)(app=Celery("tests", set_as_current=False), lazy=True, max_interval=5)

    assert made.max_interval == 5
