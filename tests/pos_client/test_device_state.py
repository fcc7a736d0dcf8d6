"""The license as time goes by and as the disk is found: S1-2, S1-3, S1-8, T60, F43, F44."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from pos_client.clock_guard import ClockFault
from pos_client.errors import (
    AlreadyLicensedError,
    LicenseRefusedError,
    NothingPendingError,
)
from pos_client.license_acquisition import Completion
from pos_client.license_state import TokenStatus
from pos_client.token_store import SET_ASIDE_NAME, STATE_NAME
from tests.pos_client.clock import START

if TYPE_CHECKING:
    from typing import Any

    from pos_client.device_license import DeviceLicense
    from pos_client.wiring import Wired
    from tests.pos_client.clock import Clock
    from tests.pos_client.issuer_simulator import IssuerSimulator


def on_disk(wired: Wired) -> dict[str, Any]:
    return json.loads((wired.settings.state_folder / STATE_NAME).read_text())


def test_eight_days_without_contact_deactivate_and_one_contact_brings_back(
    licensed: DeviceLicense, clock: Clock
) -> None:
    """S1-2, S1-3, S1-8, F43."""
    clock.advance(days=7, hours=23, minutes=59, seconds=59)
    assert licensed.state().active
    clock.advance(seconds=1)
    assert not licensed.state().active
    assert licensed.state().license.token_status is TokenStatus.OUTLIVED
    licensed.refresh()

    assert licensed.state().active


@pytest.mark.parametrize("back", [timedelta(hours=1), timedelta(days=9), START - datetime(1970, 1, 1, tzinfo=UTC)])
def test_a_clock_set_back_stretches_nothing_that_was_recorded(
    licensed: DeviceLicense, clock: Clock, back: timedelta
) -> None:
    """T60, F44."""
    clock.advance(days=8)
    licensed.record_time()
    clock.off = -back

    state = licensed.state()
    assert not state.active
    assert state.clock.fault is ClockFault.BEHIND


def test_a_license_is_acquired_and_shown_although_the_clock_is_at_1970(
    device_license: DeviceLicense, simulator: IssuerSimulator, clock: Clock
) -> None:
    """F44: a machine whose battery died is not locked out."""
    clock.off = datetime(1970, 1, 2, tzinfo=UTC) - START
    device_license.start()
    simulator.approve()
    device_license.complete()

    state = device_license.state()
    assert state.active
    assert state.clock.fault is ClockFault.BEHIND


def test_a_clock_ahead_neither_deactivates_after_a_contact_nor_when_it_is_put_right(
    licensed: DeviceLicense, clock: Clock
) -> None:
    """T60, F44: a wrong forward jump heals at the next contact."""
    clock.off = timedelta(days=30)
    licensed.record_time()
    assert not licensed.state().active
    licensed.refresh()
    assert licensed.state().active
    assert licensed.state().clock.fault is ClockFault.AHEAD
    clock.off = timedelta(0)

    assert licensed.state().active
    assert licensed.state().clock.fault is None


def test_time_is_not_written_down_too_often(licensed: DeviceLicense, clock: Clock, wired: Wired) -> None:
    before = on_disk(wired)
    clock.advance(seconds=299)
    licensed.record_time()
    assert on_disk(wired) == before
    clock.advance(seconds=1)
    licensed.record_time()

    assert on_disk(wired) != before


def test_before_the_first_contact_there_is_no_time_to_record(device_license: DeviceLicense, wired: Wired) -> None:
    device_license.record_time()

    assert not (wired.settings.state_folder / STATE_NAME).exists()


def test_removing_forgets_every_token_and_opens_the_way_to_a_new_license(
    licensed: DeviceLicense, wired: Wired, simulator: IssuerSimulator
) -> None:
    """S3-18."""
    held = on_disk(wired)["held"]
    licensed.remove()
    content = (wired.settings.state_folder / STATE_NAME).read_text()

    assert held["refresh_token"] not in content
    assert held["license_token"] not in content
    assert not licensed.state().held
    licensed.start()
    assert licensed.complete() is Completion.LICENSED


def test_removing_keeps_the_clock_mark(licensed: DeviceLicense, clock: Clock) -> None:
    """T60."""
    clock.off = timedelta(days=-9)
    licensed.remove()

    assert licensed.state().clock.fault is ClockFault.BEHIND


def test_removing_twice_is_harmless(licensed: DeviceLicense) -> None:
    """F47."""
    licensed.remove()
    licensed.remove()

    assert not licensed.state().held


def test_removing_erases_what_was_set_aside(device_license: DeviceLicense, wired: Wired) -> None:
    """A broken file may still hold tokens."""
    (wired.settings.state_folder / STATE_NAME).write_text("broken")
    assert device_license.state().set_aside
    device_license.remove()

    assert not (wired.settings.state_folder / SET_ASIDE_NAME).exists()
    assert not device_license.state().set_aside


def test_a_new_license_ends_the_tale_of_a_broken_file(
    device_license: DeviceLicense, wired: Wired, simulator: IssuerSimulator
) -> None:
    (wired.settings.state_folder / STATE_NAME).write_text("broken")
    device_license.start()
    assert device_license.state().set_aside
    simulator.approve()
    device_license.complete()

    assert not device_license.state().set_aside


@pytest.mark.parametrize("change", [{"license_token": "a.b.c"}])
def test_a_license_token_changed_on_disk_is_not_believed(
    licensed: DeviceLicense, wired: Wired, change: dict[str, Any], simulator: IssuerSimulator
) -> None:
    document = on_disk(wired)
    document["held"].update(change)
    (wired.settings.state_folder / STATE_NAME).write_text(json.dumps(document))

    state = licensed.state()
    assert (state.license, state.active, state.held) == (None, False, True)
    assert state.unverified
    with pytest.raises(LicenseRefusedError):
        licensed.refresh()
    assert simulator.requests == [], "the refresh token is not spent"


def test_another_issuer_gets_nothing_that_was_the_first_ones(
    licensed: DeviceLicense, wired: Wired, simulator: IssuerSimulator
) -> None:
    """A changed setting must not carry a refresh token or a code to another server."""
    document = on_disk(wired)
    document["issuer"] = "https://first.example"
    (wired.settings.state_folder / STATE_NAME).write_text(json.dumps(document))

    assert "https://first.example" in str(licensed.state().unverified)
    with pytest.raises(LicenseRefusedError):
        licensed.refresh()
    with pytest.raises(AlreadyLicensedError):
        licensed.start()
    assert simulator.requests == []
    licensed.remove()
    assert licensed.start().user_code


def test_a_pending_code_of_another_issuer_is_none(device_license: DeviceLicense, wired: Wired) -> None:
    device_license.start()
    document = on_disk(wired)
    document["issuer"] = "https://first.example"
    (wired.settings.state_folder / STATE_NAME).write_text(json.dumps(document))

    assert device_license.state().pending is None
    with pytest.raises(NothingPendingError):
        device_license.complete()
