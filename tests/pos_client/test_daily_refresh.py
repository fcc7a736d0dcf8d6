"""The daily refresh: S3-31, S1-9, F45."""

from __future__ import annotations

import itertools
import logging
from datetime import timedelta
from random import Random
from statistics import pstdev
from typing import TYPE_CHECKING

import pytest

from pos_client.daily_refresh import DailyRefresh
from tests.pos_client.clock import START
from tests.pos_client.issuer_simulator import JWKS, TOKEN, OAuthError

if TYPE_CHECKING:
    from pos_client.device_license import DeviceLicense
    from pos_client.wiring import Wired
    from tests.pos_client.clock import Clock
    from tests.pos_client.issuer_simulator import IssuerSimulator


@pytest.fixture
def refresher(licensed: DeviceLicense, clock: Clock) -> DailyRefresh:
    return DailyRefresh(licensed, random=Random(7), monotonic=clock.monotonic)


def run(refresher: DailyRefresh, clock: Clock, **length: float) -> None:
    """Let time go by as the thread would; over days, a look every two hours will do."""
    end = clock.server_now() + timedelta(**length)
    pause = 7200 if "days" in length else 0
    while clock.server_now() < end:
        clock.advance(seconds=max(refresher.step(), pause))


def test_it_refreshes_once_a_day(
    refresher: DailyRefresh, simulator: IssuerSimulator, clock: Clock, licensed: DeviceLicense
) -> None:
    run(refresher, clock, days=9)

    assert 8 <= len(simulator.asked(TOKEN)) <= 9
    assert licensed.state().license.days_left >= 6


def test_the_day_is_spread_by_jitter(licensed: DeviceLicense, clock: Clock) -> None:
    """F45."""
    periods = [DailyRefresh(licensed, monotonic=clock.monotonic)._period for _ in range(200)]

    assert all(22 * 3600 <= period <= 26 * 3600 for period in periods)
    assert pstdev(periods) > 1800


def test_a_license_that_is_overdue_at_the_start_is_refreshed_within_seconds(
    licensed: DeviceLicense, simulator: IssuerSimulator, clock: Clock
) -> None:
    """S1-8: also the deactivated one."""
    clock.advance(days=9)
    assert not licensed.state().active
    run(DailyRefresh(licensed, monotonic=clock.monotonic), clock, minutes=2)

    assert len(simulator.asked(TOKEN)) == 1
    assert licensed.state().active


def test_after_a_failure_it_tries_again_from_a_minute_to_an_hour_apart(
    refresher: DailyRefresh, simulator: IssuerSimulator, clock: Clock, licensed: DeviceLicense
) -> None:
    """F42, F45."""
    clock.advance(days=2)
    simulator.trouble(JWKS, *["500"] * 1000)
    tried_at, seen = [], 0
    while clock.monotonic() < 2.4 * 86_400:
        clock.advance(seconds=refresher.step())
        if len(simulator.asked(JWKS)) > seen:
            seen = len(simulator.asked(JWKS))
            tried_at.append(clock.monotonic())
    gaps = [later - earlier for earlier, later in itertools.pairwise(tried_at)]

    assert len(gaps) > 8
    assert 60 <= gaps[0] <= 180
    assert gaps[0] < gaps[2] < gaps[5]
    assert all(1800 <= gap <= 3660 for gap in gaps[6:])
    simulator.troubles.clear()
    run(refresher, clock, hours=1, minutes=2)
    assert licensed.state().clock.now - licensed.state().last_contact_at < timedelta(hours=2)


def test_a_server_that_names_a_time_is_not_asked_before(
    refresher: DailyRefresh, simulator: IssuerSimulator, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F45: Retry-After is obeyed."""
    monkeypatch.setattr(refresher, "_draw_back_off", lambda: 60.0)
    clock.advance(days=2)
    simulator.trouble(JWKS, "503")
    run(refresher, clock, seconds=110)
    assert len(simulator.asked(JWKS)) == 1
    run(refresher, clock, seconds=60)

    assert len(simulator.asked(JWKS)) == 2


def test_without_a_license_it_asks_nobody(
    device_license: DeviceLicense, simulator: IssuerSimulator, clock: Clock
) -> None:
    run(DailyRefresh(device_license, monotonic=clock.monotonic), clock, days=3)

    assert simulator.requests == []


def test_after_the_authorization_ended_it_asks_no_more(
    refresher: DailyRefresh, simulator: IssuerSimulator, clock: Clock
) -> None:
    clock.advance(days=2)
    simulator.refusal = OAuthError("invalid_grant")
    run(refresher, clock, days=3)

    assert len(simulator.asked(TOKEN)) == 1


def test_it_finds_a_license_that_was_acquired_meanwhile(
    device_license: DeviceLicense, simulator: IssuerSimulator, clock: Clock
) -> None:
    refresher = DailyRefresh(device_license, monotonic=clock.monotonic)
    run(refresher, clock, minutes=5)
    device_license.start()
    simulator.approve()
    device_license.complete()
    simulator.requests.clear()
    run(refresher, clock, days=1, hours=3)

    assert len(simulator.asked(TOKEN)) == 1


def test_with_a_clock_that_cannot_be_trusted_it_still_comes_once_a_day(
    refresher: DailyRefresh, simulator: IssuerSimulator, clock: Clock, licensed: DeviceLicense
) -> None:
    """F44: a clock at 1970 can never say that a day has passed."""
    clock.off = timedelta(days=2) - (START - START.replace(year=1970))
    simulator.proven.clear()
    run(refresher, clock, days=4)

    # Each is sent twice: first without the nonce that a proof by such a clock needs.
    assert 3 <= len(simulator.proven) <= 5
    assert licensed.state().active


def test_it_writes_down_how_far_time_has_come(refresher: DailyRefresh, clock: Clock, licensed: DeviceLicense) -> None:
    """T60."""
    run(refresher, clock, hours=2)
    clock.off = timedelta(hours=-1)

    assert START + timedelta(hours=2) - licensed.state().clock.now < timedelta(minutes=7)


def test_a_defect_does_not_end_it(
    refresher: DailyRefresh,
    licensed: DeviceLicense,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    simulator: IssuerSimulator,
) -> None:
    clock.advance(days=2)
    with monkeypatch.context() as patch, caplog.at_level(logging.ERROR):
        patch.setattr(licensed, "state", lambda: 1 / 0)
        refresher.step()
    assert "defect" in caplog.text
    run(refresher, clock, minutes=5)

    assert len(simulator.asked(TOKEN)) == 1


def test_a_thread_that_is_stopped_ends_at_once(licensed: DeviceLicense) -> None:
    refresher = DailyRefresh(licensed)
    refresher.start()
    refresher.stop()

    assert not refresher._thread.is_alive()


def test_no_secret_is_logged(
    refresher: DailyRefresh, simulator: IssuerSimulator, clock: Clock, caplog: pytest.LogCaptureFixture, wired: Wired
) -> None:
    """C14."""
    with caplog.at_level(logging.DEBUG):
        clock.advance(days=1, hours=3)
        simulator.trouble(TOKEN, "500", "500", "500")
        run(refresher, clock, minutes=10)
        simulator.refusal = OAuthError("invalid_grant")
        run(refresher, clock, days=2)
    assert "refresh" in caplog.text

    for family in simulator.families:
        assert family.live not in caplog.text
    assert "eyJ" not in caplog.text
