"""Acquire a license against an authorization server that keeps the rules (RFC 8628): S3-7 … S3-14."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from pos_client import license_acquisition
from pos_client.errors import (
    AlreadyLicensedError,
    AuthorizationEndedError,
    LicenseRefusedError,
    NoContactError,
    NothingPendingError,
    RefusedError,
)
from pos_client.license_acquisition import Completion
from pos_client.token_store import STATE_NAME
from pos_client.wiring import wire_up
from tests.pos_client.issuer_simulator import DEVICE_AUTHORIZATION, JWKS, METADATA, TOKEN, Key, OAuthError
from wire.license_status import LicenseStatus

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from pos_client.device_license import DeviceLicense
    from pos_client.settings import Settings
    from pos_client.wiring import Wired
    from tests.pos_client.clock import Clock
    from tests.pos_client.issuer_simulator import IssuerSimulator
    from wire.http_client import HttpClient


def on_disk(wired: Wired) -> dict[str, Any]:
    return json.loads((wired.settings.state_folder / STATE_NAME).read_text())


def test_at_first_there_is_no_license(device_license: DeviceLicense) -> None:
    """S3-2."""
    state = device_license.state()

    assert (state.license, state.pending, state.held, state.active) == (None, None, False, False)


def test_the_whole_way_to_a_license(device_license: DeviceLicense, simulator: IssuerSimulator, clock: Clock) -> None:
    """S3-8, S3-11 … S3-14, S3-19 … S3-25."""
    pending = device_license.start()
    assert device_license.complete() is Completion.NOT_AUTHORIZED_YET
    simulator.approve()
    assert device_license.complete() is Completion.LICENSED

    state = device_license.state()
    assert pending.user_code == "WDJB-0000"
    assert state.pending is None
    assert state.active
    assert state.license is not None
    assert state.license.status is LicenseStatus.LICENSED
    assert state.license.claims.sub == "server-17"
    assert state.license.token_expires_at == clock.now() + timedelta(days=8)
    assert state.last_contact_at == clock.now()


def test_the_first_poll_comes_at_once_and_the_next_after_the_interval(
    device_license: DeviceLicense, clock: Clock
) -> None:
    """S3-12: a press waits out what is left of the interval, then polls."""
    device_license.start()
    device_license.complete()
    assert clock.waits == []
    clock.advance(seconds=2)
    device_license.complete()

    assert clock.waits == [3]


def test_section_3_5_slow_down_makes_every_later_poll_five_seconds_slower(
    device_license: DeviceLicense, simulator: IssuerSimulator, clock: Clock
) -> None:
    """ "the interval MUST be increased by 5 seconds for this and all subsequent requests" """
    device_license.start()
    simulator.decision = "slow_down"
    assert device_license.complete() is Completion.NOT_AUTHORIZED_YET
    simulator.decision = "authorization_pending"
    device_license.complete()
    device_license.complete()

    assert clock.waits == [10, 10]


def test_a_press_too_early_changes_nothing(device_license: DeviceLicense, simulator: IssuerSimulator) -> None:
    """S3-12."""
    pending = device_license.start()
    for _ in range(3):
        assert device_license.complete() is Completion.NOT_AUTHORIZED_YET
    state = device_license.state()

    assert state.pending is not None
    assert state.pending.user_code == pending.user_code
    simulator.approve()
    assert device_license.complete() is Completion.LICENSED


def test_a_user_code_survives_a_restart(wire: Callable[[], Wired], simulator: IssuerSimulator, clock: Clock) -> None:
    wire().device_license.start()
    wire().device_license.complete()
    simulator.approve()

    assert wire().device_license.complete() is Completion.LICENSED
    assert clock.waits == [5], "the interval survives too"


def test_starting_over_forgets_the_first_code(device_license: DeviceLicense) -> None:
    first = device_license.start()
    second = device_license.start()

    assert first.user_code != second.user_code
    pending = device_license.state().pending
    assert pending is not None
    assert pending.user_code == second.user_code


@pytest.mark.parametrize(
    ("error", "completion"),
    [
        ("access_denied", Completion.DENIED),
        ("expired_token", Completion.EXPIRED),
        ("invalid_grant", Completion.EXPIRED),
    ],
)
def test_a_code_that_was_denied_or_expired_is_over(
    device_license: DeviceLicense, simulator: IssuerSimulator, error: str, completion: Completion
) -> None:
    device_license.start()
    simulator.decision = error

    assert device_license.complete() is completion
    assert device_license.state().pending is None
    assert device_license.start().user_code


def test_an_expired_code_is_not_even_polled(
    device_license: DeviceLicense, simulator: IssuerSimulator, clock: Clock
) -> None:
    device_license.start()
    clock.advance(seconds=899)
    assert not device_license.state().pending_expired
    clock.advance(seconds=1)
    assert device_license.state().pending_expired

    assert device_license.complete() is Completion.EXPIRED
    assert simulator.asked(TOKEN) == []


def test_completing_without_a_code_is_told(device_license: DeviceLicense) -> None:
    with pytest.raises(NothingPendingError):
        device_license.complete()


def test_a_second_press_after_success_is_success(licensed: DeviceLicense) -> None:
    """F47."""
    assert licensed.complete() is Completion.LICENSED


def test_two_presses_at_once_redeem_once(
    device_license: DeviceLicense, simulator: IssuerSimulator, wire_at_once: Callable[[], Wired]
) -> None:
    device_license.start()
    simulator.approve()
    outcomes = []
    threads = [
        threading.Thread(target=lambda: outcomes.append(wire_at_once().device_license.complete())) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert outcomes == [Completion.LICENSED] * 4
    assert len(simulator.asked(TOKEN)) == 1


def test_a_press_that_waited_finds_another_one_was_faster(
    wire: Callable[[], Wired],
    device_license: DeviceLicense,
    simulator: IssuerSimulator,
    clock: Clock,
    http: HttpClient,
    settings: Settings,
) -> None:
    """A press that waits leaves the lock to others, and looks again before it polls."""
    device_license.start()
    device_license.complete()
    simulator.approve()

    def wait_while_another_press_succeeds(seconds: float) -> None:
        clock.wait(seconds)
        device_license.complete()

    slow = wire_up(settings, now=clock.now, wait=wait_while_another_press_succeeds, http=http).device_license

    assert slow.complete() is Completion.LICENSED
    assert len(simulator.asked(TOKEN)) == 2


def test_a_press_that_waited_does_not_poll_when_another_process_just_did(
    device_license: DeviceLicense, simulator: IssuerSimulator, clock: Clock, http: HttpClient, settings: Settings
) -> None:
    """T48: it waits once, however many others poll meanwhile."""
    device_license.start()
    device_license.complete()

    def wait_while_another_press_polls(seconds: float) -> None:
        clock.wait(seconds)
        device_license.complete()

    slow = wire_up(settings, now=clock.now, wait=wait_while_another_press_polls, http=http).device_license

    assert slow.complete() is Completion.NOT_AUTHORIZED_YET
    assert clock.waits == [5]
    assert len(simulator.asked(TOKEN)) == 2


def test_while_one_press_waits_the_others_are_answered(
    simulator: IssuerSimulator, clock: Clock, http: HttpClient, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T48: a few presses do not take all threads of the page."""
    monkeypatch.setattr(license_acquisition, "PATIENCE_SECONDS", 0.001)
    waiting, go_on = threading.Event(), threading.Event()

    def wait(_seconds: float) -> None:
        waiting.set()
        assert go_on.wait(10)

    device_license = wire_up(settings, now=clock.now, wait=wait, http=http).device_license
    device_license.start()
    device_license.complete()
    simulator.approve()
    outcomes: list[Completion] = []
    first = threading.Thread(target=lambda: outcomes.append(device_license.complete()))
    first.start()
    assert waiting.wait(10)
    others = [device_license.complete() for _ in range(20)]
    go_on.set()
    first.join()

    assert others == [Completion.NOT_AUTHORIZED_YET] * 20
    assert outcomes == [Completion.LICENSED]
    assert len(simulator.asked(TOKEN)) == 2


def test_two_presses_of_one_double_click_both_see_the_success(
    device_license: DeviceLicense, simulator: IssuerSimulator
) -> None:
    device_license.start()
    simulator.approve()
    outcomes: list[Completion] = []
    threads = [threading.Thread(target=lambda: outcomes.append(device_license.complete())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert outcomes == [Completion.LICENSED] * 2


def test_a_clock_that_stands_still_does_not_stop_the_polling(
    device_license: DeviceLicense, simulator: IssuerSimulator, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    device_license.start()
    device_license.complete()
    monkeypatch.setattr(clock, "advance", lambda **_: None)
    simulator.approve()

    assert device_license.complete() is Completion.LICENSED
    assert clock.waits == [5]


def test_when_nobody_answers_the_code_stays(device_license: DeviceLicense, simulator: IssuerSimulator) -> None:
    device_license.start()
    simulator.trouble(TOKEN, "503")

    with pytest.raises(NoContactError):
        device_license.complete()
    simulator.approve()
    assert device_license.complete() is Completion.LICENSED


def test_section_3_5_a_timeout_doubles_the_interval(
    device_license: DeviceLicense, simulator: IssuerSimulator, clock: Clock
) -> None:
    device_license.start()
    simulator.trouble(TOKEN, "silence", "silence")
    with pytest.raises(NoContactError):
        device_license.complete()
    assert clock.waits == [10], "asked again once, in time for a lost answer"
    device_license.complete()

    assert clock.waits == [10, 20]


def test_a_timeout_is_not_repeated_when_the_answer_would_come_too_late(
    device_license: DeviceLicense, simulator: IssuerSimulator, clock: Clock
) -> None:
    simulator.interval = 6
    device_license.start()
    simulator.trouble(TOKEN, "hang_up")

    with pytest.raises(NoContactError):
        device_license.complete()
    assert clock.waits == []


def test_a_lost_answer_to_the_redeeming_poll_is_asked_for_again(
    device_license: DeviceLicense, simulator: IssuerSimulator
) -> None:
    """F05, C3: no human needed."""
    device_license.start()
    simulator.approve()
    simulator.trouble(TOKEN, "lost")

    assert device_license.complete() is Completion.LICENSED
    assert len(simulator.families) == 1
    device_license.refresh()


def test_a_refused_connection_counts_as_a_poll_but_slows_nothing(
    device_license: DeviceLicense, simulator: IssuerSimulator, clock: Clock
) -> None:
    device_license.start()
    simulator.close()

    for _ in range(3):
        with pytest.raises(NoContactError):
            device_license.complete()
    assert clock.waits == [5, 5]


@pytest.mark.parametrize("path", [METADATA, JWKS, DEVICE_AUTHORIZATION])
@pytest.mark.parametrize("trouble", ["503", "html", "hang_up", "500"])
def test_a_start_without_contact_leaves_nothing_behind(
    device_license: DeviceLicense, simulator: IssuerSimulator, path: str, trouble: str
) -> None:
    """F46."""
    # A GET whose kept connection is closed as we use it is tried once more.
    simulator.trouble(path, trouble, trouble)

    with pytest.raises(NoContactError):
        device_license.start()
    assert device_license.state().pending is None


def test_a_client_that_may_not_is_told(device_license: DeviceLicense, simulator: IssuerSimulator) -> None:
    simulator.refusal = OAuthError("unauthorized_client")

    with pytest.raises(RefusedError, match="unauthorized_client"):
        device_license.start()


def test_a_key_that_came_into_use_meanwhile_is_fetched(
    device_license: DeviceLicense, simulator: IssuerSimulator
) -> None:
    """T30."""
    device_license.start()
    simulator.rotate_key("second")
    simulator.approve()

    assert device_license.complete() is Completion.LICENSED
    assert device_license.state().active


def test_a_license_that_is_still_held_stays_readable_while_another_is_acquired(
    licensed: DeviceLicense, simulator: IssuerSimulator
) -> None:
    """T30: it keeps the keys that verify it, although the issuer publishes others by now."""
    simulator.refusal = OAuthError("invalid_grant")
    with pytest.raises(AuthorizationEndedError):
        licensed.refresh()
    simulator.refusal = None
    simulator.key = Key("second")
    simulator.published = [simulator.key]
    licensed.start()

    assert licensed.state().active
    assert licensed.complete() is Completion.LICENSED
    assert licensed.state().active


@pytest.mark.parametrize("bad", [{"iss": "https://evil.example"}, {"aud": "else"}, {"exp": 1}])
def test_a_license_that_cannot_be_verified_is_not_taken(
    device_license: DeviceLicense, simulator: IssuerSimulator, bad: dict[str, Any]
) -> None:
    device_license.start()
    simulator.approve(**bad)

    with pytest.raises(LicenseRefusedError):
        device_license.complete()
    state = device_license.state()
    assert (state.held, state.pending) == (False, None)


def test_an_answer_without_a_license_token_is_not_taken(
    device_license: DeviceLicense, simulator: IssuerSimulator
) -> None:
    device_license.start()
    simulator.approve()
    simulator.token_extra = {"license_token": None}

    with pytest.raises(LicenseRefusedError):
        device_license.complete()


def test_a_license_must_be_removed_before_another_is_acquired(
    licensed: DeviceLicense, simulator: IssuerSimulator
) -> None:
    """S3-17."""
    with pytest.raises(AlreadyLicensedError):
        licensed.start()
    assert simulator.requests == []
