"""When a run of the calendar is due, and what becomes of one that could not do its work."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from notify_service.actions.run_scan import AGAIN_AFTER, LEASE, SCAN_EVERY, run_scan
from notify_service.domain.errors import ServiceAwayError
from notify_service.storage import scans
from tests.notify_service.doubles import NOW

if TYPE_CHECKING:
    from notify_service.actions.calendar_parts import CalendarParts
    from tests.notify_service.doubles import Clock


def test_a_run_is_taken_once_and_again_when_it_is_due(parts: CalendarParts, clock: Clock) -> None:
    """F12: two beats, or one that calls twice."""
    done: list[int] = []

    def work(_: CalendarParts) -> None:
        done.append(1)
        # Called again while it is under way.
        assert not run_scan(parts, "work", work)

    assert run_scan(parts, "work", work)
    clock.pass_by(seconds=SCAN_EVERY.total_seconds() - 1)
    assert not run_scan(parts, "work", work)
    clock.pass_by(seconds=1)
    assert run_scan(parts, "work", work)
    assert len(done) == 2


def test_a_run_that_another_took_between_look_and_take_is_not_done(
    parts: CalendarParts, monkeypatch: pytest.MonkeyPatch
) -> None:
    with parts.database.transaction() as connection:
        scans.take(connection, "work", now=NOW, lease_until=NOW + LEASE)
    monkeypatch.setattr(scans, "is_due", lambda *_: True)

    assert not run_scan(parts, "work", lambda _: pytest.fail("It is under way."))


def test_a_run_that_could_not_be_done_is_tried_again_soon(
    parts: CalendarParts, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: CalendarParts) -> None:
        raise ServiceAwayError("license_service does not answer.")

    assert not run_scan(parts, "work", fail)

    with parts.database.reading() as connection:
        (scan,) = scans.list_all(connection)
    assert (scan.fault, scan.due_at, scan.finished_at) == ("license_service does not answer.", NOW + AGAIN_AFTER, None)
    assert "calendar put off" in caplog.text
    clock.now = NOW + AGAIN_AFTER
    assert run_scan(parts, "work", lambda _: None)
    with parts.database.reading() as connection:
        (scan,) = scans.list_all(connection)
    assert (scan.fault, scan.finished_at) == (None, NOW + AGAIN_AFTER)


def test_a_run_whose_worker_died_is_taken_up_after_its_lease(parts: CalendarParts, clock: Clock) -> None:
    """F09."""
    with parts.database.transaction() as connection:
        assert scans.take(connection, "work", now=NOW, lease_until=NOW + LEASE)
    clock.now = NOW + LEASE - timedelta(seconds=1)
    assert not run_scan(parts, "work", lambda _: None)
    clock.pass_by(seconds=1)

    assert run_scan(parts, "work", lambda _: None)


def test_a_run_that_outlived_its_lease_settles_nothing(parts: CalendarParts, clock: Clock) -> None:
    def slow(_: CalendarParts) -> None:
        clock.now = NOW + LEASE
        assert run_scan(parts, "work", lambda _: clock.pass_by(minutes=1))

    run_scan(parts, "work", slow)

    with parts.database.reading() as connection:
        (scan,) = scans.list_all(connection)
    assert scan.due_at == NOW + LEASE + SCAN_EVERY
