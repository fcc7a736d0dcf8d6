"""Beat as a thread of a worker (F12)."""

from __future__ import annotations

from threading import Event
from typing import TYPE_CHECKING, Any

import pytest
from celery import Celery
from celery.worker import WorkController, state

from notify_service.beat_thread import BeatStep, add_beat_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Scheduler:
    """What Celery asks of a scheduler; `tick` is the test's."""

    max_interval = 1

    def __init__(self, tick: Callable[[], float]) -> None:
        self.tick = tick
        self.is_closed = False

    def __call__(self, **_: object) -> Scheduler:
        return self

    def should_sync(self) -> bool:
        return False

    def close(self) -> None:
        self.is_closed = True


@pytest.fixture
def celery() -> Iterator[Celery]:
    app = Celery("test", broker="memory://", set_as_current=False)
    add_beat_thread(app)
    yield app
    state.should_terminate = None


def started(celery: Celery, scheduler: Scheduler) -> Any:
    celery.conf.beat_scheduler = scheduler
    thread = BeatStep(None, beat_thread=True).create(WorkControllerDouble(celery))
    thread.start()
    return thread


class WorkControllerDouble:
    def __init__(self, app: Celery) -> None:
        self.app = app


def test_it_ticks_until_it_is_stopped_and_closes_its_scheduler(celery: Celery) -> None:
    ticked = Event()

    def tick() -> float:
        ticked.set()
        return 0.01

    scheduler = Scheduler(tick)
    thread = started(celery, scheduler)
    assert ticked.wait(5)

    thread.stop()

    assert not thread.is_alive()
    assert scheduler.is_closed
    assert state.should_terminate is None


def test_a_beat_that_breaks_ends_its_worker(celery: Celery) -> None:
    """Else nothing that waits would be taken up any more, and nobody would see it."""

    def broken() -> float:
        raise ZeroDivisionError

    started(celery, Scheduler(broken)).join(5)

    assert state.should_terminate


@pytest.mark.parametrize("asked", [True, False])
def test_a_worker_has_one_where_it_is_asked_for(celery: Celery, *, asked: bool) -> None:
    worker = WorkController(app=celery, pool_cls="solo", beat_thread=asked)

    assert any(isinstance(step, BeatStep) for step in worker.steps) is asked
