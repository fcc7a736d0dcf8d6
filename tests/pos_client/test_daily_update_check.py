"""Looking for updates once a day (S1-13)."""

from __future__ import annotations

import logging
import threading
from random import Random
from typing import TYPE_CHECKING

import pytest

from pos_client.daily_update_check import AGAIN_SECONDS, DAY_SECONDS, DailyUpdateCheck
from pos_client.errors import StateError
from pos_client.update_check import UpdateState, UpdateStatus

if TYPE_CHECKING:
    from collections.abc import Callable


class Check:
    """Says what it is told to say, and that it was asked."""

    def __init__(self, said: UpdateStatus | StateError) -> None:
        self.said = said
        self.asked = threading.Event()

    def check(self) -> UpdateState:
        self.asked.set()
        if isinstance(self.said, StateError):
            raise self.said
        return UpdateState(self.said, "1.2.0", reason="because")


@pytest.fixture
def daily() -> Callable[[UpdateStatus | StateError], DailyUpdateCheck]:
    return lambda said: DailyUpdateCheck(Check(said), random=Random(1))


@pytest.mark.parametrize("status", [UpdateStatus.UP_TO_DATE, UpdateStatus.UPDATE_AVAILABLE])
def test_it_asks_once_a_day_spread_by_jitter(daily: Callable[..., DailyUpdateCheck], status: UpdateStatus) -> None:
    """F45: many servers do not ask at once."""
    check = daily(status)
    steps = {check.step(), check.step()}

    assert len(steps) == 2
    assert all(abs(step - DAY_SECONDS) <= DAY_SECONDS / 10 for step in steps)


@pytest.mark.parametrize("said", [UpdateStatus.CANNOT_TELL, StateError("because")])
def test_what_cannot_be_told_is_logged_and_asked_again_within_hours(
    daily: Callable[..., DailyUpdateCheck], said: UpdateStatus | StateError, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        step = daily(said).step()

    assert abs(step - AGAIN_SECONDS) <= AGAIN_SECONDS / 10
    assert "because" in caplog.text


def test_it_runs_beside_everything_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pos_client.daily_update_check.FIRST_DELAY_SECONDS", 0)
    check = Check(UpdateStatus.UP_TO_DATE)
    DailyUpdateCheck(check).start()

    assert check.asked.wait(10)
