"""Refresh the license against an authorization server that keeps the rules (RFC 6749 §6): S3-31, T23, F06, F46."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from pos_client.errors import (
    AuthorizationEndedError,
    LicenseRefusedError,
    NoContactError,
    NotLicensedError,
    RefusedError,
)
from pos_client.token_store import STATE_NAME
from tests.pos_client.issuer_simulator import JWKS, METADATA, TOKEN, Key, OAuthError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from pos_client.device_license import DeviceLicense
    from pos_client.wiring import Wired
    from tests.pos_client.clock import Clock
    from tests.pos_client.issuer_simulator import IssuerSimulator


def on_disk(wired: Wired) -> dict[str, Any]:
    return json.loads((wired.settings.state_folder / STATE_NAME).read_text())


def test_a_refresh_brings_a_new_license_token_and_what_changed(
    licensed: DeviceLicense, simulator: IssuerSimulator, clock: Clock, wired: Wired
) -> None:
    """S3-16, S3-24, S3-31: a renewal and a new hub travel down."""
    before = on_disk(wired)["held"]
    clock.advance(days=1)
    simulator.claims = {"renewal_date": "2030-01-01", "hub_server_name": "New Hub"}
    licensed.refresh()
    state = licensed.state()
    after = on_disk(wired)["held"]

    assert state.license.claims.hub_server_name == "New Hub"
    assert state.license.token_expires_at == clock.now() + timedelta(days=8)
    assert after["refresh_token"] != before["refresh_token"]


def test_many_refreshes_follow_each_other(licensed: DeviceLicense, clock: Clock) -> None:
    for _ in range(20):
        clock.advance(days=1)
        licensed.refresh()

    assert licensed.state().active


@pytest.mark.parametrize("path", [METADATA, JWKS, TOKEN])
@pytest.mark.parametrize("trouble", ["503", "429", "html", "500"])
def test_no_contact_changes_nothing(
    wire: Callable[[], Wired],
    licensed: DeviceLicense,
    simulator: IssuerSimulator,
    wired: Wired,
    path: str,
    trouble: str,
) -> None:
    """F46: 5xx, a captive portal and the like never cost the license."""
    before = on_disk(wired)
    simulator.trouble(path, *[trouble] * 3)

    with pytest.raises(NoContactError):
        wire().device_license.refresh()
    assert on_disk(wired) == before
    simulator.troubles.clear()
    licensed.refresh()


@pytest.mark.parametrize("error", ["invalid_client", "unauthorized_client", "invalid_request", "access_denied"])
def test_any_other_refusal_changes_nothing(
    licensed: DeviceLicense, simulator: IssuerSimulator, wired: Wired, error: str
) -> None:
    before = on_disk(wired)
    simulator.refusal = OAuthError(error, 401)

    with pytest.raises(RefusedError):
        licensed.refresh()
    assert on_disk(wired) == before
    assert not licensed.state().authorization_ended


def test_a_lost_answer_is_asked_for_again_in_time(
    licensed: DeviceLicense, simulator: IssuerSimulator, clock: Clock
) -> None:
    """F06, C3: the server gives the same successor for half a minute."""
    simulator.trouble(TOKEN, "lost")
    licensed.refresh()
    assert clock.waits == [2]
    simulator.trouble(TOKEN, "lost", "silence")
    licensed.refresh()
    licensed.refresh()

    assert not simulator.families[0].ended
    assert licensed.state().active


def test_a_server_that_answers_nothing_was_done_is_not_asked_again_at_once(
    licensed: DeviceLicense, simulator: IssuerSimulator, clock: Clock
) -> None:
    """F42: no storm of retries."""
    simulator.trouble(TOKEN, "503")

    with pytest.raises(NoContactError) as fault:
        licensed.refresh()
    assert len(simulator.asked(TOKEN)) == 1
    assert fault.value.retry_after_seconds == 120


def test_the_end_of_the_authorization_leaves_the_license_until_its_expiry(
    licensed: DeviceLicense, simulator: IssuerSimulator, clock: Clock
) -> None:
    """T23: "authorize again", with the reason that was given."""
    simulator.refusal = OAuthError("invalid_grant", reason="device_revoked")
    with pytest.raises(AuthorizationEndedError):
        licensed.refresh()
    state = licensed.state()

    assert (state.authorization_ended, state.ended_reason, state.active) == (True, "device_revoked", True)
    clock.advance(days=8)
    assert not licensed.state().active


def test_after_the_end_nothing_more_is_sent(licensed: DeviceLicense, simulator: IssuerSimulator, wired: Wired) -> None:
    simulator.refusal = OAuthError("invalid_grant")
    with pytest.raises(AuthorizationEndedError):
        licensed.refresh()
    simulator.requests.clear()

    with pytest.raises(AuthorizationEndedError):
        licensed.refresh()
    assert simulator.requests == []
    assert on_disk(wired)["held"]["refresh_token"] is None


def test_authorizing_again_makes_all_well(licensed: DeviceLicense, simulator: IssuerSimulator) -> None:
    simulator.refusal = OAuthError("invalid_grant")
    with pytest.raises(AuthorizationEndedError):
        licensed.refresh()
    simulator.refusal = None
    licensed.start()
    assert licensed.state().active, "the license held stays usable meanwhile"
    licensed.complete()
    licensed.refresh()

    assert not licensed.state().authorization_ended


def test_the_new_refresh_token_is_on_disk_before_the_license_is_looked_at(
    licensed: DeviceLicense, simulator: IssuerSimulator, wired: Wired
) -> None:
    """The old one is spent: whatever is wrong with the rest of the answer must not cost the authorization."""
    simulator.claims = {"sub": "server-18"}
    with pytest.raises(LicenseRefusedError, match="another Server ID"):
        licensed.refresh()
    assert on_disk(wired)["held"]["refresh_token"] == simulator.families[0].live
    assert licensed.state().license.claims.sub == "server-17"
    simulator.claims = {}
    licensed.refresh()

    assert licensed.state().active


def test_an_answer_without_a_license_token_keeps_the_one_held(
    licensed: DeviceLicense, simulator: IssuerSimulator, wired: Wired
) -> None:
    simulator.token_extra = {"license_token": None}
    with pytest.raises(LicenseRefusedError):
        licensed.refresh()

    assert on_disk(wired)["held"]["refresh_token"] == simulator.families[0].live
    assert licensed.state().active


def test_a_server_that_does_not_rotate_leaves_the_refresh_token(
    licensed: DeviceLicense, simulator: IssuerSimulator, wired: Wired
) -> None:
    """RFC 6749 §6: "The authorization server MAY issue a new refresh token"."""
    before = on_disk(wired)["held"]["refresh_token"]
    simulator.rotates = False
    licensed.refresh()

    assert on_disk(wired)["held"]["refresh_token"] == before


def test_new_keys_take_the_place_of_the_old_ones(
    licensed: DeviceLicense, simulator: IssuerSimulator, wired: Wired
) -> None:
    """T30, T62: the set is replaced whole, by the issuer over its own address."""
    simulator.key = Key("second")
    simulator.published = [simulator.key]
    licensed.refresh()

    assert [key["kid"] for key in on_disk(wired)["keys"]["keys"]] == ["second"]
    assert licensed.state().active


def test_a_token_signed_with_a_key_that_is_not_published_is_not_taken(
    licensed: DeviceLicense, simulator: IssuerSimulator
) -> None:
    simulator.rotate_key("second", publish=False)

    with pytest.raises(LicenseRefusedError):
        licensed.refresh()
    assert licensed.state().active


def test_without_a_license_there_is_nothing_to_refresh(
    device_license: DeviceLicense, simulator: IssuerSimulator
) -> None:
    with pytest.raises(NotLicensedError):
        device_license.refresh()
    assert simulator.requests == []


def test_of_two_refreshes_that_are_due_at_once_one_is_enough(
    licensed: DeviceLicense, wire_at_once: Callable[[], Wired], simulator: IssuerSimulator, clock: Clock
) -> None:
    """The lock lets one go first; the other sees a fresh contact."""
    clock.advance(days=1)
    threads = [
        threading.Thread(
            target=wire_at_once().device_license.refresh, kwargs={"unless_younger_than": timedelta(hours=1)}
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(simulator.asked(TOKEN)) == 1
