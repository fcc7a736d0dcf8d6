"""The Manage License page as a browser sees it: S3-1 … S3-26, T37, T40, T42, T43, T48, T49."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pos_client.manage_license import page as page_routes
from pos_client.manage_license.page_state import Detail, PendingView
from tests.pos_client.issuer_simulator import TOKEN, OAuthError

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from tests.pos_client.clock import Clock
    from tests.pos_client.issuer_simulator import IssuerSimulator

from tests.pos_client.page_reader import PAGE, press, read, see


def test_the_root_leads_to_the_page(browser: FlaskClient) -> None:
    response = browser.get("/")

    assert (response.status_code, response.headers["Location"]) == (302, PAGE)


def test_it_says_that_it_is_alive(browser: FlaskClient) -> None:
    assert browser.get("/healthz").get_json() == {"status": "alive"}


def test_an_unlicensed_server_shows_the_steps_with_the_labels_as_printed(
    browser: FlaskClient, simulator: IssuerSimulator
) -> None:
    """S3-1 … S3-12."""
    page = see(browser)

    assert "Manage License" in page.text
    assert "login" not in page.text
    for label in ("Authorize Device", "Device", "Next", "User Code", "UserCode", "Authorize", "Complete Authorization"):
        assert label in page.text
    assert len(page.all("li")) == 6
    assert "License Status" not in page.text
    link = next(link for link in page.all("a") if link["href"] == simulator.issuer)
    assert (link["target"], link["rel"]) == ("_blank", "noopener")
    assert [form["action"] for form in page.all("form")] == [f"{PAGE}/next"]


def test_next_shows_the_user_code_and_how_to_use_it(browser: FlaskClient, simulator: IssuerSimulator) -> None:
    """S3-7, S3-8, S3-9."""
    page = press(browser, "next")

    assert "User Code WDJB-0000" in page.text
    assert "The User Code expires at 14:20 UTC ." in page.text
    assert [form["action"] for form in page.all("form")] == [f"{PAGE}/complete", f"{PAGE}/next"]
    assert f"{simulator.issuer}/activate?user_code=WDJB-0000" in [link["href"] for link in page.all("a")]
    (image,) = page.all("img")
    assert image["src"] == f"{PAGE}/qr.svg"
    assert "QR code" in image["alt"]


def test_the_copy_button_is_hidden_until_its_script_runs(browser: FlaskClient) -> None:
    """S3-8: the value can be copied; without JavaScript it is selected whole instead."""
    page = press(browser, "next")

    button = next(button for button in page.all("button") if button.get("id") == "copy-user-code")
    assert "hidden" in button
    (script,) = page.all("script")
    assert "user-select-all" in next(tag["class"] for tag in page.all("strong") if tag.get("id") == "user-code")
    source = browser.get(script["src"])
    assert source.status_code == 200
    assert "copy-user-code" in source.get_data(as_text=True)
    source.close()


def test_the_qr_code_is_an_image_of_its_own(browser: FlaskClient) -> None:
    press(browser, "next")
    response = browser.get(f"{PAGE}/qr.svg")

    assert response.mimetype == "image/svg+xml"
    assert response.data.startswith(b"<?xml")


def test_an_address_too_long_for_a_qr_code_has_none(
    browser: FlaskClient, simulator: IssuerSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    press(browser, "next")
    # 1000 signs are let in; those of four bytes are too many.
    long = PendingView("c", f"{simulator.issuer}/" + "\U0001f600" * 900, Detail("", ""))
    shown = page_routes.page_state
    monkeypatch.setattr(page_routes, "page_state", lambda *given: replace(shown(*given), pending=long))

    assert browser.get(f"{PAGE}/qr.svg").status_code == 404


def test_without_a_user_code_there_is_no_qr_code(browser: FlaskClient) -> None:
    assert browser.get(f"{PAGE}/qr.svg").status_code == 404


def test_completing_too_early_is_told_kindly(browser: FlaskClient) -> None:
    """S3-12."""
    press(browser, "next")
    page = press(browser, "complete")

    assert "Not authorized yet." in page.text
    assert "User Code WDJB-0000" in page.text
    (message,) = [tag for tag in page.all("div") if tag.get("class", "").startswith("alert")]
    assert message["class"] == "alert alert-info"


def test_after_the_approval_the_license_is_shown(browser: FlaskClient, simulator: IssuerSimulator) -> None:
    """S3-11, S3-14 … S3-25."""
    press(browser, "next")
    simulator.approve()
    page = press(browser, "complete")

    assert "This server is licensed." in page.text
    assert (
        "License Status Licensed Server ID server-17 License Renewal Date 21 November 2027 Features xms "
        "Hub Server Name Head Office Hub Server URL https://hub.example/pos "
        "Token Expiry: 29 November 2026, 14:05 UTC" in page.text
    )
    assert {"datetime": "2026-11-29T14:05:00Z"} in page.all("time")
    assert "Acquiring a License" not in page.text
    assert "This server is licensed." not in see(browser).text, "it is said once"


def test_no_empty_line_for_what_there_is_not(browser: FlaskClient, simulator: IssuerSimulator) -> None:
    """S3-20, S3-24."""
    press(browser, "next")
    simulator.approve(renewal_date=None, hub_server_name=None, hub_server_url=None)
    page = press(browser, "complete")

    assert "License Renewal Date" not in page.text
    assert "Hub Server" not in page.text


@pytest.mark.parametrize(
    ("decision", "words"),
    [("access_denied", "was denied"), ("expired_token", "no longer valid"), ("invalid_grant", "no longer valid")],
)
def test_a_code_that_is_over_leads_back_to_next(
    browser: FlaskClient, simulator: IssuerSimulator, decision: str, words: str
) -> None:
    press(browser, "next")
    simulator.decision = decision
    page = press(browser, "complete")

    assert words in page.text
    assert [form["action"] for form in page.all("form")] == [f"{PAGE}/next"]


def test_an_expired_code_says_so_by_itself(browser: FlaskClient, clock: Clock) -> None:
    press(browser, "next")
    clock.advance(minutes=15)
    page = see(browser)

    assert "The User Code has expired" in page.text
    assert "WDJB-0000" not in page.text


@pytest.mark.parametrize("action", ["next", "complete", "refresh"])
@pytest.mark.parametrize("trouble", ["503", "html", "500"])
def test_no_contact_is_told_and_costs_nothing(
    browser: FlaskClient, simulator: IssuerSimulator, action: str, trouble: str
) -> None:
    """F46."""
    press(browser, "next")
    if action == "refresh":
        simulator.approve()
        press(browser, "complete")
    for path in (TOKEN, "/oauth/device_authorization"):
        simulator.trouble(path, *[trouble] * 3)
    page = press(browser, action)

    assert "could not be reached" in page.text
    assert ("License Status" if action == "refresh" else "User Code WDJB-0000") in page.text


def test_a_license_that_cannot_be_verified_is_not_taken_and_told(
    browser: FlaskClient, simulator: IssuerSimulator
) -> None:
    """T62."""
    press(browser, "next")
    simulator.approve(aud="else")
    page = press(browser, "complete")

    assert "could not be verified and was not taken" in page.text
    assert [form["action"] for form in page.all("form")] == [f"{PAGE}/next"]


def test_a_software_that_may_not_obtain_licenses_is_told(browser: FlaskClient, simulator: IssuerSimulator) -> None:
    simulator.refusal = OAuthError("unauthorized_client")

    assert "unauthorized_client" in press(browser, "next").text


def test_refresh_now(browser: FlaskClient, simulator: IssuerSimulator, clock: Clock) -> None:
    """S3-31."""
    press(browser, "next")
    simulator.approve()
    press(browser, "complete")
    clock.advance(days=1)
    page = press(browser, "refresh")

    said = "A fresh license token was obtained. Token Expiry: 30 November 2026, 14:05 UTC."
    assert said in page.text
    assert said not in see(browser).text
    assert "Token Expiry: 30 November 2026, 14:05 UTC" in see(browser).text


def test_an_ended_authorization_shows_the_license_and_the_way_to_authorize_again(
    browser: FlaskClient, simulator: IssuerSimulator
) -> None:
    press(browser, "next")
    simulator.approve()
    press(browser, "complete")
    simulator.refusal = OAuthError("invalid_grant", reason="device_revoked")
    page = press(browser, "refresh")

    assert "This server must be authorized again" in page.text
    assert page.text.count("gives no more license tokens") == 1, "said once"
    assert "The Authorization server's reason: device_revoked." in page.text
    assert "License Status Licensed" in page.text
    assert f"{PAGE}/next" in [form["action"] for form in page.all("form")]
    simulator.refusal = None
    press(browser, "next")
    assert "must be authorized again" not in press(browser, "complete").text


def test_removing_asks_first(browser: FlaskClient, simulator: IssuerSimulator) -> None:
    """S3-18."""
    press(browser, "next")
    simulator.approve()
    page = press(browser, "complete")
    assert f"{PAGE}/remove" in [link["href"] for link in page.all("a")]

    question = read(browser.get(f"{PAGE}/remove"))
    assert "Remove License" in question.text
    assert question.text.index("Keep the license") > question.text.index("until its license is removed there too")
    assert "License Status" in see(browser).text, "asking removes nothing"
    page = press(browser, "remove")
    assert "The license was removed from this server." in page.text
    assert "This server is not licensed" in page.text


def test_without_a_license_there_is_nothing_to_remove(browser: FlaskClient) -> None:
    response = browser.get(f"{PAGE}/remove")

    assert (response.status_code, response.headers["Location"]) == (303, PAGE)


@pytest.mark.parametrize(("action", "words"), [("complete", "There is no User Code"), ("refresh", "holds no license")])
def test_a_button_of_an_old_page_is_answered_with_a_sentence(browser: FlaskClient, action: str, words: str) -> None:
    assert words in press(browser, action).text


def test_next_on_a_licensed_server_is_refused_with_a_sentence(browser: FlaskClient, simulator: IssuerSimulator) -> None:
    press(browser, "next")
    simulator.approve()
    press(browser, "complete")

    assert "Remove it before" in press(browser, "next").text


def test_eight_days_without_contact(browser: FlaskClient, simulator: IssuerSimulator, clock: Clock) -> None:
    """S1-4, S1-5, S1-8."""
    press(browser, "next")
    simulator.approve()
    press(browser, "complete")
    clock.advance(days=8)
    page = see(browser)
    assert "Unable to Connect to License Server for 8 Days" in page.text
    assert len(page.all("li")) == 3

    assert "Unable to Connect" not in press(browser, "refresh").text
