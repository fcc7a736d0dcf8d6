"""The page of the caught mails, and its place under notify_service."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import TYPE_CHECKING

import pytest
from cryptography.fernet import Fernet

from deploy.local_stack.mail_catcher.caught_mails import CaughtMails
from deploy.local_stack.mail_catcher.page import create_mail_page

if TYPE_CHECKING:
    from pathlib import Path

    from flask.testing import FlaskClient

NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
ALLOWED = "allow-popups allow-popups-to-escape-sandbox"
HTML = "<p style='color:red'>Hi</p><script>alert(1)</script>"


@pytest.fixture
def mails(tmp_path: Path) -> CaughtMails:
    return CaughtMails(tmp_path / "mail")


@pytest.fixture
def client(mails: CaughtMails) -> FlaskClient:
    return create_mail_page(mails).test_client()


def keep(mails: CaughtMails, subject: str = "Hello", *, minutes: int = 0, html: str = HTML) -> str:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "Shop <a@shop.example>", "b@shop.example", subject
    message.set_content("See http://127.0.0.1:8001/devices\nGrüße <b>\n")
    message.add_alternative(html, subtype="html")
    at = NOW + timedelta(minutes=minutes)
    return mails.keep(message.as_bytes(), sender="a@shop.example", recipients=["b@shop.example"], at=at)


def test_the_newest_mail_comes_first(client: FlaskClient, mails: CaughtMails) -> None:
    keep(mails, "Younger", minutes=1)
    keep(mails, "Oldest")
    keep(mails, "Youngest", minutes=2)

    page = client.get("/").get_data(as_text=True)

    assert [page.index(subject) for subject in ("Youngest", "Younger", "Oldest")] == sorted(
        page.index(subject) for subject in ("Youngest", "Younger", "Oldest")
    )


def test_an_empty_folder_says_so(client: FlaskClient) -> None:
    assert "No mail has come yet." in client.get("/").get_data(as_text=True)


def test_a_mail_is_shown_with_its_text_and_working_links(client: FlaskClient, mails: CaughtMails) -> None:
    page = client.get(f"/{keep(mails)}").get_data(as_text=True)

    assert "<h1>Hello</h1>" in page
    assert "Shop &lt;a@shop.example&gt;" in page
    assert '<time datetime="2026-06-01T09:00:00+00:00">1 June 2026, 09:00 UTC</time>' in page
    assert "<title>Hello – Tillpass</title>" in page
    assert '<a href="http://127.0.0.1:8001/devices" rel="noopener noreferrer">' in page
    assert "Grüße &lt;b&gt;" in page


def test_the_html_part_is_framed_and_may_open_links_in_a_new_tab_but_nothing_else(
    client: FlaskClient, mails: CaughtMails
) -> None:
    """T42."""
    key = keep(mails)

    (frame,) = re.findall(r"<iframe[^>]*>", client.get(f"/{key}").get_data(as_text=True))
    framed = client.get(f"/{key}/html")

    assert f' sandbox="{ALLOWED}" src="/{key}/html" title="' in frame
    assert framed.get_data(as_text=True).strip() == f'<!doctype html><base target="_blank">{HTML}'
    policy = framed.headers["Content-Security-Policy"]
    assert policy.startswith(f"sandbox {ALLOWED}; default-src 'none'; style-src 'unsafe-inline';")
    assert "frame-ancestors 'self'" in policy


def test_the_source_is_plain_text_as_it_came(client: FlaskClient, mails: CaughtMails) -> None:
    answer = client.get(f"/{keep(mails)}/source")

    assert answer.content_type == "text/plain; charset=utf-8"
    assert b"Subject: Hello" in answer.data
    assert b"X-Envelope-To: b@shop.example" in answer.data


def test_scripts_read_the_mails_as_json(client: FlaskClient, mails: CaughtMails) -> None:
    key = keep(mails)

    assert client.get("/mails.json").get_json() == {
        "mails": [
            {
                "key": key,
                "subject": "Hello",
                "from": "Shop <a@shop.example>",
                "to": "b@shop.example",
                "at": NOW.isoformat(),
                "text": "See http://127.0.0.1:8001/devices\nGrüße <b>\n",
                "links": ["http://127.0.0.1:8001/devices"],
            }
        ]
    }


@pytest.mark.parametrize("path", ["/nothing", "/nothing/html", "/nothing/source", "/..%2f..%2fetc%2fpasswd", "/%00"])
def test_what_is_not_there_is_not_found(client: FlaskClient, path: str) -> None:
    answer = client.get(path)

    assert answer.status_code == 404
    assert "<h1>There is no such page</h1>" in answer.text
    assert 'Check the address, or go to <a href="/">All mails</a>.' in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_the_pages_share_one_frame_with_an_icon_that_their_policy_lets_in(
    client: FlaskClient, mails: CaughtMails
) -> None:
    for path, title in (("/", "Mails"), (f"/{keep(mails)}", "Hello"), ("/nothing", "There is no such page")):
        answer = client.get(path)
        assert f"<title>{title} – Tillpass</title>" in answer.text
        assert '<link rel="icon" href="/static/icon.svg">' in answer.text
        assert '<a class="skip" href="#content">' in answer.text
        assert "img-src 'self'" in answer.headers["Content-Security-Policy"]
    with client.get("/static/icon.svg") as icon:
        assert icon.mimetype == "image/svg+xml"


@pytest.mark.parametrize("path", ["/", "/{}", "/{}/html", "/{}/source", "/mails.json", "/static/mails.css"])
def test_every_answer_carries_the_strict_headers(client: FlaskClient, mails: CaughtMails, path: str) -> None:
    """T42, T43."""
    with client.get(path.format(keep(mails))) as answer:
        assert answer.status_code == 200
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "script-src" not in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == ("SAMEORIGIN" if path.endswith("html") else "DENY")
        assert answer.headers["Cache-Control"] == ("no-cache" if path.endswith("css") else "no-store")


def test_each_link_is_listed_once_and_only_those_that_lead_somewhere_are_links(
    client: FlaskClient, mails: CaughtMails
) -> None:
    """T42."""
    html = "<a href='http://127.0.0.1:8001/devices'>x</a><a href='javascript:alert(1)'>y</a><a href='http://a.example/?x=1&amp;y=2'>z</a>"

    page = client.get(f"/{keep(mails, html=html)}").text

    (listed,) = re.findall(r'<ul class="panel links">(.*?)</ul>', page, re.DOTALL)
    assert re.findall(r'href="([^"]+)"', listed) == ["http://127.0.0.1:8001/devices", "http://a.example/?x=1&amp;y=2"]
    assert "<code>javascript:alert(1)</code>" in listed


def test_whoever_is_not_on_this_machine_is_refused(client: FlaskClient, mails: CaughtMails) -> None:
    """Even when the web server was told to listen elsewhere too."""
    for path in ("/", f"/{keep(mails)}", "/mails.json"):
        assert client.get(path, environ_base={"REMOTE_ADDR": "192.0.2.7"}).status_code == 403
        assert client.get(path, environ_base={"REMOTE_ADDR": "::1"}).status_code == 200


def test_another_host_is_refused(client: FlaskClient, mails: CaughtMails) -> None:
    """T40: a page elsewhere must not read the mails through a name that it points here."""
    keep(mails)

    assert client.get("/mails.json", headers={"Host": "evil.example"}).status_code == 400


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe\x00",
        b"Subject: =?utf-8?q?caf=C3=A9?=\r\n\r\nplain",
        b"Subject: x\r\nContent-Type: text/plain; charset=no-such\r\n\r\n\xe4",
        b"Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\nno boundary at all",
        b"Subject: x\r\nContent-Transfer-Encoding: base64\r\n\r\n%%%",
        b"Subject: x\r\nContent-Type: text/html\r\n\r\n<a href><a href=' http://a.example'><![nothing[",
        b"From: <<<>>>,,;\r\nTo: @@\r\n\r\n",
    ],
)
def test_an_odd_mail_is_shown_all_the_same(client: FlaskClient, mails: CaughtMails, content: bytes) -> None:
    key = mails.keep(content, sender="", recipients=["b@shop.example"], at=NOW)

    for path in ("/", f"/{key}", f"/{key}/html", f"/{key}/source", "/mails.json"):
        assert client.get(path).status_code == 200


# --- under notify_service ----------------------------------------------------------------------------------------


def run(program: str, **environment: str) -> subprocess.CompletedProcess[str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("NOTIFY_", "TILLPASS_"))}
    return subprocess.run(
        [sys.executable, "-c", program], env=plain | environment, capture_output=True, text=True, check=False
    )


def test_the_stack_serves_the_mails_beside_the_status_api(mails: CaughtMails, tmp_path: Path) -> None:
    keep(mails)
    program = """
from werkzeug.test import Client
from deploy.local_stack.notify_wsgi import app
client, here = Client(app), {"REMOTE_ADDR": "127.0.0.1"}
for path in ("/healthz", "/mails", "/mails/", "/mails/mails.json", "/mails/static/mails.css", "/openapi.json"):
    answer = client.get(path, environ_overrides=here)
    print(path, answer.status_code, answer.headers.get("Location", ""))
print('href="/mails/static/mails.css"' in client.get("/mails/", environ_overrides=here).text)
"""
    answer = run(
        program,
        TILLPASS_MAIL_FOLDER=str(tmp_path / "mail"),
        NOTIFY_DATABASE_URL=f"sqlite:///{tmp_path / 'notify.db'}",
        NOTIFY_REDIS_URL="redis://127.0.0.1:1/0",
        NOTIFY_PUBLIC_URL="http://127.0.0.1:8003",
        NOTIFY_ISSUER="http://127.0.0.1:8001",
        NOTIFY_NOTIFICATION_KEY=Fernet.generate_key().decode(),
        NOTIFY_SMTP_HOST="127.0.0.1",
        NOTIFY_SMTP_PORT="8025",
        NOTIFY_SMTP_SECURITY="none",
        NOTIFY_FROM_ADDRESS="a@shop.example",
    )

    assert answer.stdout.splitlines() == [
        "/healthz 200 ",
        "/mails 308 http://localhost/mails/",
        "/mails/ 200 ",
        "/mails/mails.json 200 ",
        "/mails/static/mails.css 200 ",
        "/openapi.json 200 ",
        "True",
    ]


@pytest.mark.parametrize("said", ["production", "Prod "])
def test_in_production_the_stack_does_not_serve_mails(tmp_path: Path, said: str) -> None:
    answer = run("import deploy.local_stack.notify_wsgi", TILLPASS_ENVIRONMENT=said, TILLPASS_MAIL_FOLDER=str(tmp_path))

    assert answer.returncode == 1
    assert answer.stderr.startswith("The mail catcher does not run in production, which TILLPASS_ENVIRONMENT says")


def test_without_its_folder_the_stack_does_not_serve_mails() -> None:
    answer = run("import deploy.local_stack.notify_wsgi")

    assert answer.returncode == 1
    assert answer.stderr == "TILLPASS_MAIL_FOLDER is missing: it names the folder of the mail catcher.\n"
