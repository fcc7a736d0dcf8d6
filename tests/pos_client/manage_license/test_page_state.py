"""What the page shows for each state of the license: S3-14 … S3-26, S1-4, S1-5."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from pos_client.clock_guard import ClockFault, ClockReading
from pos_client.device_state import DeviceState
from pos_client.license_state import license_state
from pos_client.manage_license.page_state import ended_because, instant_text, page_state, printable
from pos_client.polling import PollingPace
from pos_client.stored_state import PendingAuthorization
from wire.claims import LicenseTokenClaims
from wire.end_reason import EndReason

if TYPE_CHECKING:
    from pos_client.manage_license.page_state import PageState

ISSUER = "https://auth.example"
NOW = datetime(2026, 11, 21, 14, 5, tzinfo=UTC)
EXPIRES = NOW + timedelta(days=8)
CLAIMS = LicenseTokenClaims(
    iss=ISSUER,
    sub="server-17",
    aud=("pos_client",),
    iat=int(NOW.timestamp()),
    nbf=int(NOW.timestamp()),
    exp=int(EXPIRES.timestamp()),
    jti="1",
    organization_id="o",
    organization_name="O",
    device_name="D",
    license_id="l",
    features=("xms",),
    renewal_window_days=30,
    renewal_date=date(2027, 3, 1),
    hub_server_name="Head Office",
    hub_server_url="https://hub.example",
)
PENDING = PendingAuthorization(
    "device", "WDJB-MJHT", f"{ISSUER}/activate", None, NOW + timedelta(minutes=15), PollingPace()
)


def device(now: datetime = NOW, claims: LicenseTokenClaims = CLAIMS, **changes: Any) -> DeviceState:
    return replace(DeviceState(clock=ClockReading(now, None), license=license_state(claims, now)), **changes)


def shown(state: DeviceState) -> PageState:
    return page_state(state, ISSUER)


def titles(state: DeviceState) -> list[str]:
    return [alert.title for alert in shown(state).alerts]


def test_the_details_stand_in_their_order_with_their_labels_as_printed() -> None:
    """S3-15, S3-19 … S3-25."""
    assert [(detail.label, detail.text) for detail in shown(device()).details] == [
        ("License Status", "Licensed"),
        ("Server ID", "server-17"),
        ("License Renewal Date", "1 March 2027"),
        ("Features", "xms"),
        ("Hub Server Name", "Head Office"),
        ("Hub Server URL", "https://hub.example"),
        ("Token Expiry:", "29 November 2026, 14:05 UTC"),
    ]


def test_what_there_is_not_has_no_line() -> None:
    """S3-20, S3-24: no empty date, no hub at a top server."""
    claims = replace(CLAIMS, renewal_date=None, hub_server_name=None, hub_server_url=None)

    assert [detail.label for detail in shown(device(claims=claims)).details] == [
        "License Status",
        "Server ID",
        "Features",
        "Token Expiry:",
    ]


def test_dates_have_a_form_for_machines() -> None:
    times = {detail.label: detail.machine_time for detail in shown(device()).details if detail.machine_time}

    assert times == {"License Renewal Date": "2027-03-01", "Token Expiry:": "2026-11-29T14:05:00Z"}


def test_instants_are_shown_in_utc() -> None:
    assert instant_text(datetime.fromisoformat("2026-11-22T01:05:00+11:00")) == "21 November 2026, 14:05 UTC"


def test_a_licensed_server_has_no_alert_and_no_instructions() -> None:
    page = shown(device())

    assert (page.alerts, page.shows_instructions, page.may_refresh, page.may_remove) == ((), False, True, True)


def test_an_unlicensed_server_has_the_instructions_and_nothing_to_remove() -> None:
    """S3-2."""
    page = shown(device(license=None))

    assert (page.details, page.shows_instructions, page.may_refresh, page.may_remove) == ((), True, False, False)


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (timedelta(days=3), "3 days left"),
        (timedelta(days=1, hours=5), "1 day left"),
        (timedelta(hours=5), "Less than one day left"),
    ],
)
def test_a_near_token_expiry_is_warned_about_with_the_days_left(left: timedelta, words: str) -> None:
    """S3-26, S1-6."""
    (alert,) = shown(device(EXPIRES - left)).alerts

    assert alert.level == "warning"
    assert words in alert.sentences[0]
    assert alert.sentences[1] == "Re-connect the POS server to the internet to obtain fresh license tokens."


def test_more_than_three_days_before_there_is_no_warning() -> None:
    assert titles(device(EXPIRES - timedelta(days=3, seconds=1))) == []


def test_after_eight_days_the_message_has_its_exact_text_and_three_causes() -> None:
    """S1-4, S1-5."""
    (alert,) = shown(device(EXPIRES)).alerts

    assert alert.level == "danger"
    assert alert.title == "Unable to Connect to License Server for 8 Days"
    assert "deactivated" in alert.sentences[0]
    firewall, password, group = alert.causes
    assert "firewall or gateway" in firewall
    assert ISSUER in firewall
    assert "Cloud account was changed" in password
    assert "Licensing Group" in group


@pytest.mark.parametrize(
    ("now", "title"),
    [
        (datetime(2027, 2, 1, tzinfo=UTC), "Requires Renewal"),
        (datetime(2027, 3, 2, tzinfo=UTC), "Expired \N{EN DASH} Requires Renewal"),
    ],
)
def test_the_renewal_date_has_its_own_alert(now: datetime, title: str) -> None:
    """S3-16, S3-17, S3-32."""
    claims = replace(CLAIMS, exp=int((now + timedelta(days=8)).timestamp()))
    state = device(now, claims)

    assert titles(state) == [title]
    assert shown(state).details[0].text == title


def test_both_clocks_may_have_run_out() -> None:
    """S3-32."""
    now = datetime(2027, 3, 2, tzinfo=UTC)

    assert titles(device(now)) == [
        "Unable to Connect to License Server for 8 Days",
        "Expired \N{EN DASH} Requires Renewal",
    ]


def test_an_ended_authorization_tells_its_reason_the_time_left_and_the_way_out() -> None:
    page = shown(device(authorization_ended=True, ended_reason="device_revoked"))
    (alert,) = page.alerts

    assert alert.title == "This server must be authorized again"
    assert "The Authorization server's reason: device_revoked." in alert.sentences
    assert "The license stays usable until 29 November 2026, 14:05 UTC." in alert.sentences
    assert (page.shows_instructions, page.may_refresh, page.may_remove) == (True, False, True)


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("replaced", "Another machine was authorized as this device."),
        ("removed", "The license was removed at the Authorization server."),
        ("refresh_token_reused", "Two machines used this license: it may have been copied."),
        ("no_seat", "It holds no seat of a license any more."),
        ("new\x1b", "The Authorization server's reason: new\N{REPLACEMENT CHARACTER}."),
    ],
)
def test_the_reason_of_the_end_is_told_in_words(reason: str, words: str) -> None:
    (alert,) = shown(device(authorization_ended=True, ended_reason=reason)).alerts

    assert words in alert.sentences


@pytest.mark.parametrize("reason", list(EndReason))
def test_every_reason_that_is_agreed_has_words_of_its_own(reason: EndReason) -> None:
    assert "reason:" not in ended_because(reason)


def test_the_last_contact_is_told() -> None:
    detail = shown(device(last_contact_at=NOW - timedelta(days=1))).details[-1]

    assert (detail.label, detail.text) == ("Last contact", "20 November 2026, 14:05 UTC")


def test_what_cannot_be_printed_is_replaced() -> None:
    assert printable("a\x1bb\u202ec\ud800d\u2028e\N{NO-BREAK SPACE}f\u00e9 ") == "a\ufffdb\ufffdc\ufffdd e f\u00e9 "


def test_an_ended_authorization_promises_nothing_once_the_license_is_over() -> None:
    page = shown(device(EXPIRES, authorization_ended=True))

    assert not any("stays usable" in sentence for alert in page.alerts for sentence in alert.sentences)


def test_a_user_code_is_shown_with_the_time_it_has_left() -> None:
    """S3-8."""
    page = shown(device(NOW + timedelta(seconds=30), license=None, pending=PENDING))

    assert page.pending is not None
    assert page.pending.user_code == "WDJB-MJHT"
    assert page.pending.verification_uri == f"{ISSUER}/activate"
    assert page.pending.expires_at.text == "14:20 UTC"
    assert not page.shows_instructions


def test_a_user_code_that_expires_tomorrow_says_so() -> None:
    late = replace(PENDING, expires_at=NOW + timedelta(hours=10))
    page = shown(device(license=None, pending=late))

    assert page.pending is not None
    assert page.pending.expires_at.text == "22 November 2026, 00:05 UTC"


def test_the_complete_address_is_preferred() -> None:
    complete = f"{ISSUER}/activate?user_code=WDJB-MJHT"
    page = shown(device(license=None, pending=replace(PENDING, verification_uri_complete=complete)))

    assert page.pending is not None
    assert page.pending.verification_uri == complete


def test_an_expired_code_gives_way_to_the_instructions() -> None:
    page = shown(device(NOW + timedelta(minutes=15), license=None, pending=PENDING))

    assert page.pending is None
    assert page.shows_instructions
    assert [alert.title for alert in page.alerts] == ["The User Code has expired"]


def test_a_license_that_cannot_be_verified_can_only_be_removed() -> None:
    page = shown(device(license=None, unverified="The token's signature is wrong."))

    assert (page.shows_instructions, page.may_refresh, page.may_remove) == (False, False, True)
    assert "The token's signature is wrong." in page.alerts[0].sentences


@pytest.mark.parametrize(
    ("fault", "words"), [(ClockFault.BEHIND, "is behind the time"), (ClockFault.AHEAD, "is ahead of the time")]
)
def test_a_wrong_clock_is_told(fault: ClockFault, words: str) -> None:
    """T60."""
    (alert,) = shown(device(clock=ClockReading(NOW, fault))).alerts

    assert words in alert.sentences[0]
    assert "21 November 2026, 14:05 UTC" in alert.sentences[1]


def test_a_file_that_was_set_aside_is_told() -> None:
    assert titles(device(license=None, set_aside=True)) == ["The license file could not be read"]
