"""The whole story in a browser: two tabs, the labels as the requirements print them, every page clean for axe.

S3-1 … S3-26. Runs twice: on a desk's screen, and on a phone's without JavaScript.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.sync_api import expect

from tests.journeys.reader import Reader

if TYPE_CHECKING:
    import pytest
    from playwright.sync_api import Browser, BrowserContext, Page

    from deploy.local_stack.stack import LocalStack
    from tests.journeys.people import People


def detail(page: Page, label: str) -> str:
    return page.locator("dt", has_text=re.compile(f"^{re.escape(label)}$")).locator("+ dd").inner_text()


def sign_in(page: Page, document: dict[str, Any]) -> None:
    page.goto(document["auth_url"])
    page.get_by_label("Email address").fill(document["operator"]["email"])
    page.get_by_label("Password").fill(document["operator"]["password"])
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label(document["organization"]["name"]).check()
    page.get_by_role("button", name="Continue").click()


def test_the_story_of_acquiring_showing_and_removing_a_license(  # noqa: PLR0915 - a story reads best in one piece
    stack: LocalStack, people: People, context: BrowserContext, request: pytest.FixtureRequest
) -> None:
    """The seed's steps in its words, the owner's email at the end; the grant is bound to the POS server's key (T15)."""
    document = stack.document
    scripts = "desk" in request.node.name
    folder = request.config.getoption("--pictures")
    reader = Reader(Path(folder) if folder else None)
    pos, portal = context.new_page(), context.new_page()
    for page in (pos, portal):
        reader.listen(page)

    pos.goto(document["pos_url"])
    expect(pos.get_by_role("heading", name="Manage License")).to_be_visible()
    expect(pos.get_by_role("heading", name="Acquiring a License")).to_be_visible()
    reader.look(pos, "unlicensed", scripts=scripts)

    sign_in(portal, document)
    reader.look(portal, "devices", scripts=scripts)
    portal.get_by_role("navigation").get_by_role("link", name="Authorize Device").click()
    portal.get_by_label("Device", exact=True).select_option(label="Shop 1 POS Server")
    reader.look(portal, "authorize-device", scripts=scripts)

    pos.get_by_role("button", name="Next").click()
    user_code = pos.locator("#user-code").inner_text()
    assert re.fullmatch(r"[B-DF-HJ-NP-TV-XZ]{4}-[B-DF-HJ-NP-TV-XZ]{4}", user_code)
    reader.look(pos, "user-code", scripts=scripts)
    pos.get_by_role("button", name="Complete Authorization").click()
    expect(pos.get_by_text(re.compile("not authorized yet", re.IGNORECASE))).to_be_visible()
    reader.look(pos, "not-yet", scripts=scripts)
    if scripts:
        pos.get_by_role("button", name="Copy").click()
        assert pos.evaluate("navigator.clipboard.readText()") == user_code
    else:
        assert not pos.get_by_role("button", name="Copy").is_visible()

    portal.get_by_label("UserCode").fill("BBBB-BBBB")
    portal.get_by_role("button", name="Authorize").click()
    expect(portal.get_by_text("No device is waiting with this code")).to_be_visible()
    reader.look(portal, "wrong-code", scripts=scripts)
    portal.get_by_label("UserCode").fill(user_code.lower().replace("-", " "))
    portal.get_by_role("button", name="Authorize").click()
    for shown in (user_code, "Shop 1 POS Server", document["organization"]["name"]):
        expect(portal.get_by_text(shown).first).to_be_visible()
    expect(portal.get_by_role("button", name="Deny")).to_be_focused()
    reader.look(portal, "confirm", scripts=scripts)
    portal.get_by_role("button", name="Authorize").click()
    expect(portal.get_by_text("Shop 1 POS Server is authorized")).to_be_visible()
    reader.look(portal, "authorized", scripts=scripts)

    pos.get_by_role("button", name="Complete Authorization").click()
    assert detail(pos, "License Status") == "Licensed"
    assert detail(pos, "Server ID") == document["devices"]["pos_server"]["id"]
    assert re.fullmatch(r"\d+ \w+ 20\d\d", detail(pos, "License Renewal Date"))
    assert detail(pos, "Features") == "xms"
    assert detail(pos, "Hub Server Name") == "Head Office Hub"
    assert detail(pos, "Hub Server URL") == "https://hub.demo-bakery.example"
    assert re.search(r"20\d\d", detail(pos, "Token Expiry:"))
    reader.look(pos, "licensed", scripts=scripts)
    assert people.pos_key() in people.keys_of_live_grants()

    people.expect_every_mail_once()
    mails = people.mails()
    assert "Shop 1 POS Server" in mails[0]["subject"]
    mail_page = context.new_page()
    mail_page.goto(document["mails_url"])
    reader.look(mail_page, "mails", scripts=scripts)
    mail_page.get_by_role("link", name=mails[0]["subject"]).first.click()
    reader.look(mail_page, "mail", scripts=scripts)

    pos.get_by_role("link", name="Remove License").click()
    expect(pos.get_by_role("heading", name="Remove License")).to_be_visible()
    reader.look(pos, "remove", scripts=scripts)
    pos.get_by_role("button", name="Remove License").click()
    expect(pos.get_by_role("heading", name="Acquiring a License")).to_be_visible()
    reader.look(pos, "removed", scripts=scripts)
    assert reader.complaints == []


def test_a_scanned_code_is_filled_in_and_can_be_denied(stack: LocalStack, people: People, browser: Browser) -> None:
    """RFC 8628 §3.3.1: signing in comes first, the code is filled in, nothing is approved by itself."""
    codes = people.ask_codes()
    page = browser.new_page()
    page.goto(codes["verification_uri_complete"])
    document = stack.document
    page.get_by_label("Email address").fill(document["operator"]["email"])
    page.get_by_label("Password").fill(document["operator"]["password"])
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label(document["organization"]["name"]).check()
    page.get_by_role("button", name="Continue").click()

    expect(page.get_by_label("UserCode")).to_have_value(codes["user_code"])
    assert people.poll(codes["device_code"]).json()["error"] == "authorization_pending"
    page.get_by_label("Device", exact=True).select_option(label="Shop 1 POS Server")
    page.get_by_role("button", name="Authorize").click()
    page.get_by_role("button", name="Deny").click()

    expect(page.get_by_text("Denied")).to_be_visible()
    assert people.poll(codes["device_code"]).json()["error"] == "access_denied"
    page.close()
