from __future__ import annotations

from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import notify_service.emails
from notify_service.domain.errors import EmailNotMadeError
from notify_service.emails.rendering import render_email
from tests.notify_service.doubles import context
from wire.notification_contexts import CONTEXT_SCHEMAS


def loaded(**changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = CONTEXT_SCHEMAS["device_authorized"]().load(context(**changes))
    return values


class Tags(HTMLParser):
    """Collects what a page would load, run or open."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attributes)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def read(html: str) -> Tags:
    tags = Tags()
    tags.feed(html)
    return tags


def test_every_folder_is_a_template_of_the_agreement() -> None:
    folders = {path.parent.name for path in Path(notify_service.emails.__path__[0]).glob("*/subject.txt")}

    assert folders
    assert folders <= set(CONTEXT_SCHEMAS)


def test_the_email_says_who_authorized_what_when_and_from_where() -> None:
    content = render_email("device_authorized", loaded())

    assert content.subject == "Till 1 was authorized in Corner Shops"
    words = " ".join(" ".join(read(content.html).words).split())
    for body in (content.text, words):
        for fact in (
            "Ann Owner authorized a device of Corner Shops.",
            "Till 1",
            "7d3f0c9e-6a1b-4f64-9f6c-1d2b3a4c5e6f",
            "1 June 2026, 08:30 UTC",
            "xms, kds",
            "192.0.2.7",
            "If this was not expected,",
        ):
            assert fact in body
    assert "http://127.0.0.1:8001/devices" in content.text


def test_the_email_of_a_license_used_twice_says_what_happened_and_what_to_do() -> None:
    """T23."""
    told = CONTEXT_SCHEMAS["device_reuse_detected"]().load(
        {
            "organization_name": "Corner Shops",
            "device_name": "Till <1>",
            "device_id": "7d3f0c9e-6a1b-4f64-9f6c-1d2b3a4c5e6f",
            "detected_at": "2026-06-01T08:30:00+00:00",
            "seen_from": "192.0.2.7",
            "devices_url": "http://127.0.0.1:8001/devices",
        }
    )

    content = render_email("device_reuse_detected", told)

    assert content.subject == "The license of Till <1> in Corner Shops was stopped"
    words = " ".join(" ".join(read(content.html).words).split())
    for body in (" ".join(content.text.split()), words):
        for fact in ("used by two machines", "Till <1>", "1 June 2026, 08:30 UTC", "192.0.2.7", "Remove License"):
            assert fact in body
    assert "http://127.0.0.1:8001/devices" in content.text
    assert "<1>" not in content.html


def test_the_html_links_to_the_devices_page_and_loads_nothing() -> None:
    """No remote content: nobody learns that, or where, the email was read."""
    tags = read(render_email("device_authorized", loaded()).html)

    assert [attributes["href"] for tag, attributes in tags.seen if tag == "a"] == ["http://127.0.0.1:8001/devices"]
    assert not {tag for tag, _ in tags.seen} & {"img", "link", "script", "iframe", "object", "svg", "video", "form"}
    assert not any("src" in attributes or "background" in attributes for _, attributes in tags.seen)


def test_no_features_are_said_to_be_none() -> None:
    assert "Features:        none" in render_email("device_authorized", loaded(features=[])).text


def test_html_in_a_name_stays_text() -> None:
    """T42."""
    content = render_email("device_authorized", loaded(device_name="<img src=//evil.example>"))

    assert "<img" not in content.html
    assert "&lt;img src=//evil.example&gt;" in content.html
    assert "<img src=//evil.example>" in content.text


@pytest.mark.parametrize(
    "trick", ["\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029", "\x1b", "\u202e", "\u2066", "\ud800"]
)
def test_no_name_brings_a_second_line_a_control_or_a_turned_direction(trick: str) -> None:
    """T51."""
    content = render_email("device_authorized", loaded(device_name=f"Till{trick}1", features=[f"x{trick}"]))

    for part in (content.subject, content.text, content.html):
        assert trick not in part
    assert len(content.subject.splitlines()) == 1


def test_names_in_any_script_stay_as_they_are() -> None:
    assert (
        "Kasse 日本 👩‍🍳 كاشير"
        in render_email("device_authorized", loaded(device_name="Kasse 日本 👩‍🍳 كاشير")).subject
    )


def test_a_missing_value_is_an_error_that_names_no_value() -> None:
    """F24: a template error."""
    values = loaded()
    del values["device_name"]

    with pytest.raises(EmailNotMadeError, match=r"^The template device_authorized fails: UndefinedError\.$"):
        render_email("device_authorized", values)


def test_a_missing_template_is_an_error() -> None:
    with pytest.raises(EmailNotMadeError, match="TemplateNotFound"):
        render_email("no_such_template", {"now": datetime.now(UTC)})
