"""The line on updates at the foot of the Manage License page (S1-13)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pos_client.app import create_app
from pos_client.settings import UpdateSource
from pos_client.token_store import UPDATE_MANIFEST_NAME
from pos_client.wiring import wire_up
from tests.pos_client.conftest import Browser
from tests.pos_client.page_reader import see

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from pos_client.settings import Settings
    from pos_client.wiring import Wired
    from tests.pos_client.clock import Clock
    from tests.pos_client.update_simulator import UpdateSimulator
    from wire.http_client import HttpClient


@pytest.fixture
def wired(
    settings: Settings,
    updates: UpdateSimulator,
    clock: Clock,
    http: HttpClient,
    monkeypatch: pytest.MonkeyPatch,
) -> Wired:
    monkeypatch.setattr("pos_client.wiring.installed_version", lambda: "0.1.0")
    looking = replace(settings, update_source=UpdateSource(updates.url, updates.key_set()))
    return wire_up(looking, now=clock.now, wait=clock.wait, http=http)


@pytest.fixture
def browser(wired: Wired) -> FlaskClient:
    app = create_app(wired)
    app.test_client_class = Browser
    return app.test_client()


def test_the_page_says_what_the_last_check_found_and_asks_nobody(
    browser: FlaskClient, wired: Wired, updates: UpdateSimulator, clock: Clock
) -> None:
    """T62: and doubt as doubt."""
    doubt = "This server runs version 0.1.0. Whether that is the newest cannot be told:"
    assert (
        f"{doubt} The update service has not answered yet. It is asked soon after the start, and then every day."
        in see(browser).text
    )
    updates.publish(1)
    assert wired.update_check is not None
    wired.update_check.check()
    assert "Update available: version 1.4.0. This server runs version 0.1.0." in see(browser).text
    updates.publish(2, newest_version="0.1.0", minimum_version="0.1.0")
    wired.update_check.check()
    assert "This server runs version 0.1.0, which is up to date." in see(browser).text
    clock.advance(days=30)

    assert f"{doubt} The update manifest expired at" in see(browser).text
    assert len(updates.asked) == 2


def test_the_license_is_shown_though_the_manifest_cannot_be_read(browser: FlaskClient, settings: Settings) -> None:
    (settings.state_folder / UPDATE_MANIFEST_NAME).mkdir()

    page = see(browser)

    assert "Acquiring a License" in page.text
    assert "This server runs version" not in page.text


def test_where_no_updates_are_looked_for_nothing_is_said(settings: Settings, clock: Clock, http: HttpClient) -> None:
    app = create_app(wire_up(settings, now=clock.now, wait=clock.wait, http=http))
    app.test_client_class = Browser

    assert "This server runs version" not in see(app.test_client()).text
