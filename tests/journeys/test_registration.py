"""A group is registered by its three emails, and its site connected: in a browser, on a screen and on a phone.

S1-16 … S1-43. What the pages show is looked at twice, 1200 and 360 pixels wide.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests
from playwright.sync_api import expect

from tests.journeys.conftest import PHONE
from tests.journeys.people import wait_for
from tests.journeys.reader import Reader
from wire.grant_types import CONNECT_TO_GROUP

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Browser, Page

    from deploy.local_stack.stack import LocalStack
    from tests.journeys.people import People

EMAIL = "manager@corner-bakery.example"
GROUP_NAME = "Corner Bakery, 90210"
GROUP_PASSWORD = "bread1!"
NEW_GROUP_PASSWORD = "rolls-2!"
CLOUD_PASSWORD = "a loaf of rye at seven"
HEIGHT = 900


@pytest.fixture
def desk(browser: Browser) -> Any:
    context = browser.new_context(viewport={"width": 1200, "height": HEIGHT})
    context.set_default_timeout(15_000)
    yield context.new_page()
    context.close()


@pytest.fixture
def phone(browser: Browser) -> Any:
    context = browser.new_context(**PHONE)
    yield context.new_page()
    context.close()


@pytest.fixture
def look(request: pytest.FixtureRequest, desk: Page) -> Any:
    """Look at a page in both widths; complain at the end."""
    folder = request.config.getoption("--pictures")
    reader = Reader(Path(folder) if folder else None)
    reader.listen(desk)

    def both(page: Page, name: str) -> None:
        for width in (1200, 360):
            page.set_viewport_size({"width": width, "height": HEIGHT})
            reader.look(page, f"{name}-{width}", scripts=True)
        page.set_viewport_size({"width": 1200, "height": HEIGHT})

    yield both
    assert reader.complaints == []


def mail(people: People, subject: str) -> str:
    """Wait for the email to the administrator whose subject has these words, and give its text."""

    def newest() -> str | None:
        found = [one for one in people.mails() if one["to"] == EMAIL and subject in one["subject"]]
        return found[0]["text"] if found else None

    return wait_for(f"the email '{subject}'", newest)


def link_in(text: str) -> str:
    [link] = set(re.findall(r"http\S+link=[\w-]+", text))
    return str(link)


def connect(people: People, **changes: str) -> requests.Response:
    form = {
        "grant_type": CONNECT_TO_GROUP,
        "client_id": "tillpass-pos",
        "email": EMAIL,
        "group_password": GROUP_PASSWORD,
        "license_key": "none yet",
        "device_name": "Till 1",
        **changes,
    }
    return requests.post(f"{people.auth_url}/oauth/token", data=form, timeout=10)


def test_a_group_is_registered_and_its_site_connected(  # noqa: PLR0915 - a story reads best in one piece
    stack: LocalStack, people: People, desk: Page, phone: Page, look: Callable[[Page, str], None]
) -> None:
    """The seed's steps in its words: form, email 1, email 2, email 3, Connect to a Group."""
    desk.goto(f"{people.auth_url}/sign-in")
    desk.get_by_role("link", name="Register a new group").click()
    expect(desk.get_by_role("heading", name="Create a new Group")).to_be_visible()
    look(desk, "create-a-new-group")

    desk.get_by_label("Group Name").fill(GROUP_NAME)
    desk.get_by_label("Group Password").press_sequentially("bread1")
    expect(desk.get_by_text("Still needed: one symbol.")).to_be_attached()
    look(desk, "while-typing")
    desk.get_by_label("Group Password").fill(GROUP_PASSWORD)
    desk.get_by_label("Administrator’s Email Address").fill(EMAIL)
    desk.get_by_label("Re-enter Email Address").fill("manger@corner-bakery.example")
    desk.get_by_role("button", name="Create").click()
    expect(desk.get_by_text("The two addresses differ")).to_be_visible()
    look(desk, "addresses-differ")
    desk.get_by_label("Group Password").fill(GROUP_PASSWORD)
    desk.get_by_label("Re-enter Email Address").fill(EMAIL)
    desk.get_by_role("button", name="Create").click()
    expect(desk.get_by_role("heading", name="1. Confirm the address")).to_be_visible()
    look(desk, "step-1")

    first = link_in(mail(people, "Confirm your email address"))
    phone.goto(first)
    assert GROUP_NAME in phone.inner_text("main")
    phone.get_by_label("Cloud account password", exact=True).fill(CLOUD_PASSWORD)
    phone.get_by_label("Re-enter Cloud account password").fill(CLOUD_PASSWORD)
    phone.get_by_role("button", name="Confirm this address").click()
    expect(phone.get_by_text("Your address is confirmed")).to_be_visible()
    # The page at the desk sees by itself what was done on the phone.
    expect(desk.locator("[aria-current=step]")).to_contain_text("2. Activate the group")
    look(desk, "step-2")
    refused = connect(people)
    assert (refused.status_code, refused.json()["reason"]) == (400, "group_not_activated")

    desk.goto(first)
    expect(desk.get_by_role("heading", name="This link no longer works")).to_be_visible()
    look(desk, "used-link")
    desk.goto(link_in(mail(people, "Activate your group")))
    look(desk, "activate-the-group")
    desk.get_by_role("button", name="Activate the group").click()
    expect(desk.get_by_text("The group is active.")).to_be_visible()
    expect(desk.get_by_role("heading", name="What comes next, on site")).to_be_visible(timeout=30_000)
    look(desk, "complete")

    third = mail(people, "Your license key")
    desk.goto(f"{people.auth_url}/register/connect")
    look(desk, "connect-to-a-group")
    # As it is pasted: with the space around it, and in small letters.
    [key] = re.findall(r"^[0-9A-Z]+(?:-[0-9A-Z]+)+$", third, re.MULTILINE)
    connected = connect(people, license_key=f" {key.lower()} ")
    assert connected.status_code == 200, connected.text
    assert connected.json()["group_name"] == GROUP_NAME
    assert connected.json()["license_token"]
    assert len([one for one in people.mails() if one["to"] == EMAIL and "of 3)" in one["subject"]]) == 3

    # S1-18 … S1-21: the site is refused with the reason, and goes on with the new Group Password.
    desk.goto(f"{people.auth_url}/sign-in")
    desk.get_by_label("Email address").fill(EMAIL)
    desk.get_by_label("Password").fill(CLOUD_PASSWORD)
    desk.get_by_role("button", name="Sign in").click()
    desk.get_by_label(GROUP_NAME).check()
    desk.get_by_role("button", name="Continue").click()
    desk.get_by_role("link", name="Passwords").click()
    look(desk, "cloud-account-password")
    desk.get_by_role("link", name="Group Password").click()
    look(desk, "group-password")
    desk.get_by_label("New Group Password", exact=True).fill(NEW_GROUP_PASSWORD)
    desk.get_by_label("Re-enter new Group Password").fill(NEW_GROUP_PASSWORD)
    desk.get_by_role("button", name="Change Group Password").click()
    expect(desk.get_by_text("The Group Password is changed.")).to_be_visible()
    refreshed = people.refresh(connected.json()["refresh_token"])
    assert (refreshed.status_code, refreshed.json()["reason"]) == (400, "group_password_changed")
    assert connect(people, license_key=key, group_password=NEW_GROUP_PASSWORD).status_code == 200
    mail(people, "The Group Password")
