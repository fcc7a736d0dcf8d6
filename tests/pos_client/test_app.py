"""What the app lets through and what not: T33, T37, T39, T40, T42, T43, T48, T49, C14."""

from __future__ import annotations

import io
import json
import re
from typing import TYPE_CHECKING

import pytest

from pos_client.app import create_app
from pos_client.settings import Settings
from pos_client.token_store import STATE_NAME
from pos_client.wiring import wire_up

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from pos_client.wiring import Wired
    from tests.pos_client.clock import Clock
    from tests.pos_client.issuer_simulator import IssuerSimulator
    from wire.http_client import HttpClient

from tests.pos_client.page_reader import PAGE, press, read, see, token


@pytest.mark.parametrize("action", ["next", "complete", "refresh", "remove"])
@pytest.mark.parametrize("data", [{}, {"csrf_token": ""}, {"csrf_token": "forged"}, {"csrf_token": "\x00"}])
def test_a_press_without_the_forms_token_is_refused(
    browser: FlaskClient, simulator: IssuerSimulator, action: str, data: dict[str, str]
) -> None:
    """T37."""
    see(browser)
    response = browser.post(f"{PAGE}/{action}", data=data)

    assert response.status_code == 400
    assert "try again" in read(response).text
    assert simulator.requests == []


def test_a_token_of_another_session_is_refused(browser: FlaskClient, wired: Wired, simulator: IssuerSimulator) -> None:
    """T37."""
    app = create_app(wired)
    app.test_client_class = type(browser)
    other = app.test_client()
    see(browser)
    response = browser.post(f"{PAGE}/next", data={"csrf_token": token(other)})

    assert response.status_code == 400
    assert simulator.requests == []


def test_json_is_not_a_form(browser: FlaskClient, simulator: IssuerSimulator) -> None:
    """T37."""
    response = browser.post(f"{PAGE}/next", json={"csrf_token": token(browser)})

    assert response.status_code == 400
    assert simulator.requests == []


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8004", "localhost", "127.0.0.1.evil.example", "", "a b"]
)
@pytest.mark.parametrize("path", [PAGE, "/", "/healthz", "/nowhere"])
def test_another_host_name_is_refused(browser: FlaskClient, host: str, path: str) -> None:
    """T40: and with it, pages that point their own name at this machine."""
    response = browser.get(path, headers={"Host": host})

    assert response.status_code == 400
    assert response.headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_every_answer_is_guarded(browser: FlaskClient) -> None:
    """T42, T43, T33."""
    for path in (PAGE, "/", "/nowhere", f"{PAGE}/next", "/healthz"):
        headers = browser.get(path).headers
        assert headers["Content-Security-Policy"] == (
            "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
            "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
        )
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["Cache-Control"] == "no-store"


def test_no_page_has_inline_script_or_style_or_anything_from_elsewhere(
    browser: FlaskClient, simulator: IssuerSimulator
) -> None:
    pages = [browser.get(PAGE)]
    press(browser, "next")
    pages.append(browser.get(PAGE))
    simulator.approve()
    press(browser, "complete")
    pages += [browser.get(PAGE), browser.get(f"{PAGE}/remove"), browser.get("/nowhere")]
    for response in pages:
        page = read(response)
        assert "<style" not in response.get_data(as_text=True)
        assert not re.search(r"\s(style|on\w+)=", response.get_data(as_text=True))
        for tag in page.all("script") + page.all("img"):
            assert tag["src"].startswith(PAGE)
        bootstrap, own, icon = (link["href"] for link in page.all("link"))
        assert bootstrap.startswith("/bootstrap/static/")
        assert {own, icon} == {f"{PAGE}/static/manage_license.css", f"{PAGE}/static/icon.svg"}


def test_the_style_sheets_and_the_icon_are_served_from_here(browser: FlaskClient) -> None:
    served = []
    for link in see(browser).all("link"):
        with browser.get(link["href"]) as response:
            served.append((response.status_code, response.mimetype))

    assert served == [(200, "text/css"), (200, "text/css"), (200, "image/svg+xml")]


def test_the_session_cookie_is_for_this_page_alone(browser: FlaskClient) -> None:
    """T39."""
    cookie = browser.get(PAGE).headers["Set-Cookie"]

    assert cookie.startswith("tillpass_pos=")
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie


def test_behind_https_the_cookie_is_secure(settings: Settings, clock: Clock, http: HttpClient) -> None:
    """T39."""
    public = Settings(
        **{name: getattr(settings, name) for name in settings.__slots__} | {"public_url": "https://pos.example"}
    )
    app = create_app(wire_up(public, now=clock.now, wait=clock.wait, http=http))
    response = app.test_client().get(PAGE, base_url="https://pos.example")

    assert "Secure" in response.headers["Set-Cookie"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", f"{PAGE}/%00", 404),
        ("GET", f"{PAGE}/%ff%fe", 404),
        ("GET", f"{PAGE}/static/../../app.py", 404),
        ("GET", f"{PAGE}/static/%2e%2e/page.py", 404),
        ("GET", f"{PAGE}/next", 405),
        ("DELETE", f"{PAGE}/remove", 405),
        ("PUT", PAGE, 405),
        ("POST", "/healthz", 405),
    ],
)
def test_bad_requests_get_a_plain_page_and_the_right_status(
    browser: FlaskClient, method: str, path: str, status: int
) -> None:
    """T49."""
    response = browser.open(path, method=method)

    assert response.status_code == status
    assert "There is no such page Check the address, or go to Manage License ." in read(response).text


def test_a_wrong_method_names_the_right_ones(browser: FlaskClient) -> None:
    assert "POST" in browser.get(f"{PAGE}/next").headers["Allow"]


def test_a_body_that_is_too_large_is_refused(browser: FlaskClient) -> None:
    """T48."""
    response = browser.post(f"{PAGE}/next", data={"csrf_token": "x" * 20_000})

    assert response.status_code == 413


class MalformedError(Exception):
    """As gunicorn's own errors: of no class that is known here."""


@pytest.mark.parametrize("fault", [MalformedError, OSError, ValueError])
def test_a_malformed_body_is_the_senders_fault(browser: FlaskClient, fault: type[Exception]) -> None:
    """T49: a chunk of a wrong size, or a body that ends too early."""

    class Body(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, _buffer: object) -> int:
            raise fault

    environ = {"wsgi.input": Body(), "wsgi.input_terminated": True, "CONTENT_LENGTH": "", "REQUEST_METHOD": "POST"}
    response = browser.post(f"{PAGE}/next", environ_overrides=environ)

    assert response.status_code == 400


def test_a_damaged_cookie_is_as_good_as_none(browser: FlaskClient) -> None:
    browser.set_cookie("tillpass_pos", "eyJhIjoi.\x7f.damaged", domain="127.0.0.1")

    assert see(browser).text


def test_texts_from_outside_are_escaped(browser: FlaskClient, simulator: IssuerSimulator) -> None:
    """T42."""
    press(browser, "next")
    simulator.approve(hub_server_name="<script>alert(1)</script>", hub_server_url="javascript:alert(1)")
    press(browser, "complete")
    html = browser.get(PAGE).get_data(as_text=True)

    assert "&lt;script&gt;alert(1)" in html
    assert "<script>" not in html
    assert 'href="javascript:' not in html


def test_texts_that_cannot_be_encoded_are_shown_as_far_as_they_can(
    browser: FlaskClient, simulator: IssuerSimulator
) -> None:
    """T49."""
    press(browser, "next")
    simulator.approve(hub_server_name="Hub \ud800")

    assert "Hub \N{REPLACEMENT CHARACTER}" in press(browser, "complete").text


def test_a_state_file_that_cannot_be_used_is_told_on_a_page(browser: FlaskClient, wired: Wired) -> None:
    form_token = token(browser)
    (wired.settings.state_folder / STATE_NAME).mkdir()
    for response in (browser.get(PAGE), browser.post(f"{PAGE}/next", data={"csrf_token": form_token})):
        assert response.status_code == 503
        assert "cannot be read" in read(response).text


def test_a_broken_state_file_is_told_and_does_not_stop_the_page(browser: FlaskClient, wired: Wired) -> None:
    (wired.settings.state_folder / STATE_NAME).write_text("{")

    assert "The license file could not be read" in see(browser).text
    assert "WDJB" in press(browser, "next").text


def test_a_defect_shows_a_number_and_nothing_else(
    browser: FlaskClient, wired: Wired, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """T49."""

    def broken() -> None:
        raise RuntimeError("the inner workings")

    monkeypatch.setattr(wired.device_license, "state", broken)
    response = browser.get(PAGE)
    number = re.search(r"[0-9a-f]{32}", response.get_data(as_text=True))

    assert response.status_code == 500
    assert "inner workings" not in response.get_data(as_text=True)
    assert number is not None
    assert number.group() in caplog.text


def test_no_secret_is_on_the_page(browser: FlaskClient, simulator: IssuerSimulator, wired: Wired) -> None:
    """C14."""
    press(browser, "next")
    device_code = json.loads((wired.settings.state_folder / STATE_NAME).read_text())["pending"]["device_code"]
    assert device_code not in browser.get(PAGE).get_data(as_text=True)
    simulator.approve()
    press(browser, "complete")
    held = json.loads((wired.settings.state_folder / STATE_NAME).read_text())["held"]
    html = browser.get(PAGE).get_data(as_text=True)

    assert held["refresh_token"] not in html
    assert held["license_token"] not in html
