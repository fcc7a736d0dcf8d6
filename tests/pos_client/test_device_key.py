"""The key of this device, from its making to its end (RFC 9449; T15, T61, F13)."""

from __future__ import annotations

import os
import shutil
import stat
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from pos_client.device_key import KEY_NAME, DeviceKey
from pos_client.errors import AuthorizationEndedError, RefusedError, StateError
from pos_client.license_acquisition import Completion
from pos_client.token_store import STATE_NAME
from pos_client.wiring import wire_up
from tests.pos_client.issuer_simulator import DEVICE_AUTHORIZATION, TOKEN, OAuthError
from wire.dpop_key import DpopKey

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pos_client.device_license import DeviceLicense
    from pos_client.settings import Settings
    from pos_client.wiring import Wired
    from tests.pos_client.clock import Clock
    from tests.pos_client.issuer_simulator import IssuerSimulator
    from wire.http_client import HttpClient

URL = "https://auth.example/oauth/token"


@pytest.fixture
def key_file(settings: Settings) -> Path:
    return settings.state_folder / KEY_NAME


def _jkt(key_file: Path) -> str:
    return DpopKey.from_pem(key_file.read_bytes()).jkt


def test_every_request_of_a_license_proves_one_key(
    device_license: DeviceLicense, simulator: IssuerSimulator, key_file: Path
) -> None:
    """T15: the device authorization, each poll and each refresh."""
    device_license.start()
    assert device_license.complete() is Completion.NOT_AUTHORIZED_YET
    simulator.approve()
    device_license.complete()
    device_license.refresh()

    assert simulator.proven == [_jkt(key_file)] * 4
    assert simulator.families[0].jkt == _jkt(key_file)


def test_key_is_for_its_owner_alone(device_license: DeviceLicense, key_file: Path) -> None:
    device_license.start()

    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600


def test_key_is_made_once(device_license: DeviceLicense, key_file: Path) -> None:
    """A second User Code is asked for with the key of the first."""
    device_license.start()
    before = key_file.read_bytes()
    device_license.start()

    assert key_file.read_bytes() == before


def test_key_lives_through_a_restart(
    licensed: DeviceLicense, wire: Callable[[], Wired], simulator: IssuerSimulator, key_file: Path
) -> None:
    wire().device_license.refresh()

    assert simulator.proven[-1] == _jkt(key_file)


def test_copied_tokens_refresh_nowhere_else(
    licensed: DeviceLicense,
    settings: Settings,
    simulator: IssuerSimulator,
    clock: Clock,
    http: HttpClient,
    tmp_path: Path,
) -> None:
    """T61: another machine holds the token file, with a key of its own or none; this one goes on."""
    for number, has_key in enumerate((False, True)):
        thief = replace(settings, state_folder=tmp_path / f"thief-{number}")
        there = wire_up(thief, now=clock.now, wait=clock.wait, http=http).device_license
        shutil.copy(settings.state_folder / STATE_NAME, thief.state_folder)
        if has_key:
            DeviceKey(thief.state_folder, now=clock.now).make()
        with pytest.raises(AuthorizationEndedError):
            there.refresh()

    licensed.refresh()
    assert not simulator.families[0].ended


def test_license_from_before_there_were_keys_goes_on_without_one(
    licensed: DeviceLicense, simulator: IssuerSimulator, key_file: Path
) -> None:
    key_file.unlink()
    simulator.families[0].jkt = None

    licensed.refresh()
    licensed.refresh()

    assert simulator.proven[-2:] == [None, None]
    assert not key_file.exists()
    assert licensed.state().active


def test_server_that_knows_no_keys_is_no_trouble(
    device_license: DeviceLicense, simulator: IssuerSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It passes over the header and gives bearer tokens."""
    monkeypatch.setattr(simulator, "check_proof", lambda _path, _proof: None)
    device_license.start()
    simulator.approve()

    assert device_license.complete() is Completion.LICENSED


@pytest.mark.parametrize("off", [timedelta(days=-3650), timedelta(minutes=-6), timedelta(minutes=2), timedelta(days=9)])
def test_device_whose_clock_is_wrong_is_authorized_and_refreshes(
    device_license: DeviceLicense, simulator: IssuerSimulator, clock: Clock, off: timedelta
) -> None:
    """T60: the server's nonce is obeyed, and kept for what comes soon."""
    clock.off = off
    device_license.start()
    simulator.approve()
    assert device_license.complete() is Completion.LICENSED
    device_license.refresh()

    assert len(simulator.asked(DEVICE_AUTHORIZATION)) == 2
    assert len(simulator.asked(TOKEN)) == 2


def test_stale_nonce_is_replaced_by_the_next(
    device_license: DeviceLicense, simulator: IssuerSimulator, clock: Clock
) -> None:
    clock.off = timedelta(days=1)
    device_license.start()
    clock.advance(minutes=10)
    device_license.complete()

    assert len(simulator.asked(TOKEN)) == 2
    assert len(simulator.proven) == 2


def test_nonce_is_obeyed_once(device_license: DeviceLicense, simulator: IssuerSimulator) -> None:
    """A server that is never content is not asked for ever."""
    simulator.refusal = OAuthError("use_dpop_nonce", nonce="another")

    with pytest.raises(RefusedError, match="use_dpop_nonce"):
        device_license.start()
    assert len(simulator.asked(DEVICE_AUTHORIZATION)) == 2


@pytest.mark.parametrize("nonce", [None, "", "two words", 'quo"te', "x" * 257])
def test_wish_for_a_nonce_that_brings_none_is_a_refusal(
    device_license: DeviceLicense, simulator: IssuerSimulator, nonce: str | None
) -> None:
    simulator.refusal = OAuthError("use_dpop_nonce", nonce=nonce)

    with pytest.raises(RefusedError, match="use_dpop_nonce"):
        device_license.start()
    assert len(simulator.asked(DEVICE_AUTHORIZATION)) == 1


def test_removing_the_license_removes_the_key(licensed: DeviceLicense, key_file: Path) -> None:
    """S3-18: what comes next is another authorization, by another key."""
    before = _jkt(key_file)
    licensed.remove()
    assert not key_file.exists()

    licensed.start()
    assert _jkt(key_file) != before


@pytest.mark.parametrize("content", [b"", b"nonsense", b"\x00" * 9000])
def test_broken_key_is_named_and_made_anew_with_the_next_user_code(
    licensed: DeviceLicense, key_file: Path, content: bytes, simulator: IssuerSimulator
) -> None:
    """F13: nothing is sent without the key, so the authorization does not end by it."""
    key_file.write_bytes(content)

    with pytest.raises(StateError, match="Remove the license"):
        licensed.refresh()
    assert simulator.asked(TOKEN) == []
    assert licensed.state().active
    licensed.remove()
    licensed.start()
    assert _jkt(key_file)


def test_key_that_may_not_be_read_is_left_alone(device_license: DeviceLicense, key_file: Path) -> None:
    os.mkfifo(key_file)

    with pytest.raises(StateError, match="not a regular file"):
        device_license.start()
    assert stat.S_ISFIFO(key_file.stat().st_mode)


def test_key_never_shows(clock: Clock, tmp_path: Path) -> None:
    """C14."""
    key = DeviceKey(tmp_path, now=clock.now)
    key.make()

    assert "PRIVATE" not in repr(key)
    assert "PRIVATE" not in str(key.proof("POST", URL))
