"""The visitor that goes through pages as a person does."""

from __future__ import annotations

import threading
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from deploy.local_stack.page import PageError, read_page
from deploy.local_stack.visitor import Visitor

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = """<!doctype html><html><head><title>Devices</title><style>p { color: red }</style></head><body>
<form method="post" action="/sign-out"><input type="hidden" name="csrf_token" value="one">
  <button>Sign out</button></form>
<h1>Authorize&nbsp;Device</h1><p>Choose the <b>device</b>.
<form method="post" action="/activate?step=2">
  <input type="hidden" name="csrf_token" value="two"><input name="user_code"><input type="checkbox" name="sure">
  <input type="radio" name="organization_id" value="o1"><input type="radio" name="organization_id" value="o2" checked>
  <select name="device_id"><option value="">Choose a device</option>
    <option value="d-1">Shop 1 &amp; Bar</option></select>
  <textarea name="note">said  before</textarea><input name="off" value="x" disabled>
  <button name="decision" value="authorize">Authorize</button>
  <button name="decision" value="deny" formaction="/denied">Deny</button><button type="button">Copy</button>
</form>
<dl><dt>License Status</dt><dd>Licensed</dd><dt>Hub Server Name</dt><dd>Hub <code>One</code></dd></dl>
<table><tr><th scope="row">Features</th><td>xms</td></tr></table>
<a href="/devices">All devices</a><script>var hidden = "text";</script></body></html>"""


class Site(BaseHTTPRequestHandler):
    """Answers every GET with PAGE and a cookie, every POST by saying what came."""

    def do_GET(self) -> None:
        if self.path == "/moved":
            self._answer(303, "", ("Location", "/devices"))
        elif self.path == "/gone":
            self._answer(404, "<p>There is no such page")
        else:
            self._answer(
                200, PAGE, ("Set-Cookie", "session=s3; HttpOnly; Secure"), ("Set-Cookie", "tillpass=t1; HttpOnly")
            )

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        told = {"path": self.path, "body": body, **self.headers}
        self._answer(
            200, "<dl>" + "".join(f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in told.items()) + "</dl>"
        )

    def log_message(self, *_: object) -> None:
        pass

    def _answer(self, status: int, body: str, *headers: tuple[str, str]) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body.encode())


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_a_page_is_read_as_its_reader_sees_it() -> None:
    page = read_page("http://127.0.0.1/", 200, PAGE)

    assert page.text.startswith("Sign out Authorize Device Choose the device .")
    assert "hidden" not in page.text
    assert page.facts == {"License Status": "Licensed", "Hub Server Name": "Hub One", "Features": "xms"}
    assert page.links == {"All devices": "/devices"}
    assert [button.text for button in page.forms[1].buttons] == ["Authorize", "Deny"]


def test_a_button_sends_its_own_form_as_it_stands_with_the_entries(site: str) -> None:
    visitor = Visitor()
    visitor.open(site)

    sent = visitor.press("Authorize", device_id="Shop 1 & Bar", user_code="wdjb mjht", organization_id="o1").facts

    assert sent["path"] == "/activate?step=2"
    assert sent["body"].split("&") == [
        "csrf_token=two",
        "user_code=wdjb+mjht",
        "organization_id=o1",
        "device_id=d-1",
        "note=said+before",
        "decision=authorize",
    ]
    assert sent["Cookie"] == "tillpass=t1"
    assert sent["Origin"] == site
    assert sent["Referer"] == site


def test_a_button_may_lead_elsewhere_than_its_form(site: str) -> None:
    visitor = Visitor()
    visitor.open(site)

    assert visitor.press("Deny", device_id="d-1").facts["path"] == "/denied"


def test_links_and_redirects_are_followed_and_refusals_are_pages(site: str) -> None:
    visitor = Visitor()
    visitor.open(f"{site}/moved")
    assert visitor.page.url == f"{site}/devices"

    assert visitor.press("All devices").url == f"{site}/devices"
    assert (visitor.open("/gone").status, visitor.page.text) == (404, "There is no such page")


@pytest.mark.parametrize(
    ("text", "entries", "told"),
    [
        ("Approve", {}, "no button or link 'Approve'"),
        ("Copy", {}, "no button or link 'Copy'"),
        ("Authorize", {"usercode": "x"}, "no field 'usercode'"),
        ("Authorize", {"device_id": "Shop 2"}, "'device_id' does not offer 'Shop 2'"),
        ("Authorize", {"off": "y"}, "no field 'off'"),
    ],
)
def test_what_is_not_there_cannot_be_pressed_or_filled(
    site: str, text: str, entries: dict[str, str], told: str
) -> None:
    visitor = Visitor()
    visitor.open(site)

    with pytest.raises(PageError, match=told):
        visitor.press(text, **entries)


def test_a_server_that_does_not_answer_is_told_with_its_address() -> None:
    with pytest.raises(PageError, match=r"http://127\.0\.0\.1:1/ does not answer"):
        Visitor().open("http://127.0.0.1:1/")
