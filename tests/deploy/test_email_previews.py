"""The previews of all emails, beside the page of the caught mails."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from deploy.local_stack.mail_catcher.caught_mails import CaughtMails
from deploy.local_stack.mail_catcher.page import create_mail_page
from notify_service.emails.examples import examples_of
from wire.notification_contexts import CONTEXT_SCHEMAS
from wire.notification_message import LOCALES

if TYPE_CHECKING:
    from pathlib import Path

    from flask.testing import FlaskClient


@pytest.fixture
def client(tmp_path: Path) -> FlaskClient:
    return create_mail_page(CaughtMails(tmp_path / "mail")).test_client()


def test_every_example_of_every_email_is_listed_in_every_language(client: FlaskClient) -> None:
    page = client.get("/previews/").text

    listed = re.findall(r'href="/previews/(\w+)/(\w+)/(\d+)"', page)
    assert {(locale, template, int(number)) for locale, template, number in listed} == {
        (locale, template, number + 1)
        for locale in LOCALES
        for template in CONTEXT_SCHEMAS
        for number in range(len(examples_of(template)))
    }
    assert 'href="/previews/"' in client.get("/").text


def test_a_preview_shows_the_text_and_frames_the_html(client: FlaskClient) -> None:
    """T42."""
    page = client.get("/previews/es/device_authorized/1").text
    framed = client.get("/previews/es/device_authorized/1/light")

    assert "<h1>Se autorizó Till 1 en Corner Shops</h1>" in page
    assert "1 de junio de 2026, 8:30 UTC" in page
    assert re.findall(r' src="([^"]+)" title="', page) == [
        "/previews/es/device_authorized/1/light",
        "/previews/es/device_authorized/1/dark",
    ]
    assert "<h1" in framed.text
    assert framed.headers["Content-Security-Policy"].startswith("sandbox allow-popups ")
    assert framed.headers["X-Frame-Options"] == "SAMEORIGIN"


def test_both_modes_are_shown_whatever_the_browser_prefers(client: FlaskClient) -> None:
    light, dark = (client.get(f"/previews/en/over_count/1/{mode}").text for mode in ("light", "dark"))

    assert "@media not all {" in light
    assert "@media all {" in dark
    assert "prefers-color-scheme" not in light + dark


@pytest.mark.parametrize(
    "path", ["xx/device_authorized/1", "en/no_such_email/1", "en/device_authorized/0", "en/device_authorized/9"]
)
def test_a_preview_that_is_not_there_is_not_found(client: FlaskClient, path: str) -> None:
    assert client.get(f"/previews/{path}").status_code == 404


def test_another_host_is_refused(client: FlaskClient) -> None:
    """T40."""
    assert client.get("/previews/", headers={"Host": "evil.example"}).status_code == 400
