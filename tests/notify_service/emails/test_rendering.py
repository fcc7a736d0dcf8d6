from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from marshmallow import fields

import notify_service.emails
from notify_service.domain.errors import EmailNotMadeError
from notify_service.emails.examples import examples_of
from notify_service.emails.rendering import render_email
from tests.notify_service.doubles import PORTAL, context
from wire.notification_contexts import CONTEXT_SCHEMAS, links_in
from wire.notification_message import LOCALES

if TYPE_CHECKING:
    from notify_service.domain.email import Content

FOLDER = Path(notify_service.emails.__path__[0])
ALL_EMAILS = [(template, locale) for template in sorted(CONTEXT_SCHEMAS) for locale in LOCALES]
every_email = pytest.mark.parametrize(("template", "locale"), ALL_EMAILS)


def loaded(**changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = CONTEXT_SCHEMAS["device_authorized"]().load(context(**changes))
    return values


def rendered(**changes: Any) -> Content:
    return render_email("device_authorized", loaded(**changes), "en")


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


def words_of(html: str) -> str:
    return " ".join(" ".join(read(html).words).split())


def test_every_template_of_the_agreement_has_its_folder_and_no_other_has() -> None:
    folders = {path.parent for path in FOLDER.glob("*/subject.txt")}

    assert {folder.name for folder in folders} == set(CONTEXT_SCHEMAS)
    for folder in folders:
        assert {file.name for file in folder.iterdir()} == {"subject.txt", "body.txt", "body.html", "examples.json"}


@every_email
def test_every_email_is_a_subject_of_one_line_a_readable_text_and_html_with_the_same_words(
    template: str, locale: str
) -> None:
    for example in examples_of(template):
        content = render_email(template, example, locale)

        assert content.subject
        assert content.subject.isprintable()
        links = set(links_in(template, example).values())
        blocks = content.text.split("\n\n")
        words = words_of(content.html)
        lines = [line for block in blocks for line in block.splitlines()]
        assert links <= set(lines)
        assert all(len(line) <= 76 or " " not in line for line in lines)
        assert [line for line in lines if line != line.rstrip()] == []
        for block in blocks:
            for said in said_in(block, links):
                assert said in words, said


def said_in(block: str, links: set[str]) -> list[str]:
    """Give what a block of the text says, as the HTML has it too: facts by line, a paragraph in one piece."""
    lines = [line for line in block.splitlines() if line not in links]
    if any(":  " in line for line in lines):
        return [" ".join(line.split()) for line in lines]
    if lines and lines[0].startswith("1. "):
        return [" ".join(step.split()[1:]) for step in block.replace("\n   ", " ").splitlines()]
    paragraph = " ".join(lines)
    return [paragraph.removesuffix(":") if len(lines) < len(block.splitlines()) else paragraph]


@every_email
def test_html_leads_to_the_portal_and_loads_nothing(template: str, locale: str) -> None:
    """No remote content: nobody learns that, or where, the email was read."""
    for example in examples_of(template):
        html = render_email(template, example, locale).html
        tags = read(html)

        hrefs = [attributes["href"] for tag, attributes in tags.seen if tag == "a"]
        assert hrefs == list(links_in(template, example).values())
        assert not {tag for tag, _ in tags.seen} & {"img", "link", "script", "iframe", "object", "svg", "video", "form"}
        assert not any({"src", "background", "srcset"} & set(attributes) for _, attributes in tags.seen)
        assert "url(" not in html
        assert "@import" not in html


@every_email
def test_html_has_its_language_its_styles_inline_and_a_dark_mode(template: str, locale: str) -> None:
    html = render_email(template, examples_of(template)[0], locale).html
    tags = read(html)

    assert [attributes["lang"] for tag, attributes in tags.seen if tag == "html"] == [locale]
    assert ("meta", {"name": "color-scheme", "content": "light dark"}) in tags.seen
    assert "@media (prefers-color-scheme: dark)" in html
    shown = [(tag, attributes) for tag, attributes in tags.seen if tag in {"p", "h1", "a", "li", "div", "ol"}]
    assert [tag for tag, attributes in shown if "style" not in attributes] == []


HOSTILE = "<b>Till</b> &amp;\u202e \u200f{{ 7 * 7 }} %(code)s %s \x0b\u2028\ud800" + '"><img src=x onerror=alert(1)>'
SHOWN_AS = "<b>Till</b> &amp; {{ 7 * 7 }} %(code)s %s " + '"><img src=x onerror=alert(1)>'


@every_email
def test_a_hostile_name_stays_text(template: str, locale: str) -> None:
    """T42, T51: no markup, no second line, no turned direction, no template and no format of its own."""
    for example in examples_of(template):
        taken = CONTEXT_SCHEMAS[template]().fields
        names = {name for name, field in taken.items() if type(field) is fields.String} - {"password", "license_key"}
        content = render_email(template, {**example, **dict.fromkeys(names, HOSTILE)}, locale)

        assert len(content.subject.splitlines()) == 1
        for part in (content.subject, content.text, content.html):
            assert not set("\u202e\u200f\x0b\u2028\ud800") & set(part)
            assert "49" not in part.replace("2026-0049", "")
        assert "<b>" not in content.html
        assert "<img" not in content.html
        if names:
            assert SHOWN_AS in " ".join(content.text.split())
            assert SHOWN_AS in words_of(content.html)


@every_email
def test_a_missing_value_is_an_error_that_names_no_value(template: str, locale: str) -> None:
    """F24: a template error."""
    values = dict(examples_of(template)[0])
    values.popitem()

    with pytest.raises(EmailNotMadeError, match=rf"^The template {template} fails: UndefinedError\.$"):
        render_email(template, values, locale)


def test_a_missing_template_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CONTEXT_SCHEMAS, "no_such_template", CONTEXT_SCHEMAS["over_count"])

    with pytest.raises(EmailNotMadeError, match="TemplateNotFound"):
        render_email("no_such_template", {}, "en")


def test_the_email_says_who_authorized_what_when_and_from_where() -> None:
    content = rendered()

    assert content.subject == "Till 1 was authorized in Corner Shops"
    for body in (content.text, words_of(content.html)):
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
    assert f"{PORTAL}/devices" in content.text


def test_the_same_email_in_spanish() -> None:
    content = render_email("device_authorized", loaded(), "es")

    assert content.subject == "Se autorizó Till 1 en Corner Shops"
    assert "1 de junio de 2026, 8:30 UTC" in content.text
    assert "Ann Owner autorizó un dispositivo de Corner Shops." in words_of(content.html)


def test_the_email_of_a_license_used_twice_says_what_happened_and_what_to_do() -> None:
    """T23."""
    content = render_email("device_reuse_detected", examples_of("device_reuse_detected")[0], "en")

    assert content.subject == "The license of Till 1 in Corner Shops was stopped"
    for fact in ("used by two machines", "1 June 2026, 08:30 UTC", "192.0.2.7", "Remove License"):
        assert fact in " ".join(content.text.split())


def test_a_license_key_stays_in_one_piece_and_no_date_is_shown_where_there_is_none() -> None:
    """S1-34, S3-20: it is copied from the text as from the HTML."""
    dated, undated = examples_of("license_code")

    content = render_email("license_code", dated, "en")
    assert dated["license_key"] in content.text.splitlines()
    assert dated["license_key"] in words_of(content.html).split()
    assert "License Renewal Date" in content.text
    assert "License Renewal Date" not in render_email("license_code", undated, "en").text


@pytest.mark.parametrize(
    ("days_left", "locale", "said"),
    [
        (0, "en", "has to be renewed today"),
        (1, "en", "within 1 day"),
        (30, "en", "within 30 days"),
        (0, "es", "hoy"),
        (1, "es", "en 1 día"),
        (30, "es", "en 30 días"),
    ],
)
def test_days_are_counted_in_the_grammar_of_the_language(days_left: int, locale: str, said: str) -> None:
    values = {**examples_of("requires_renewal")[0], "days_left": days_left}

    content = render_email("requires_renewal", values, locale)

    assert content.subject.endswith(said)
    assert f"{said}." in content.text


@pytest.mark.parametrize("locale", LOCALES)
def test_a_deactivated_device_is_told_with_the_message_and_its_three_causes(locale: str) -> None:
    """S1-4, S1-5: the message as it stands on the device."""
    waiting, deactivated = (render_email("contact_missing", one, locale) for one in examples_of("contact_missing"))

    assert "Unable to Connect to License Server for 8 Days" in " ".join(deactivated.text.split())
    assert "Unable to Connect" not in waiting.text
    for content in (waiting, deactivated):
        assert [line[:2] for line in content.text.splitlines() if line[:1].isdigit()] == ["1.", "2.", "3."]


def test_an_email_about_one_s_own_password_does_not_say_that_one_is_an_owner() -> None:
    """S1-19: it goes to whoever signs in, be it a viewer."""
    group, own = (render_email("password_changed", one, "en").text for one in examples_of("password_changed"))

    assert "because you are an owner of Corner Shops" in group
    assert "because you are an owner" not in own


def test_no_features_are_said_to_be_none() -> None:
    assert "Features:        none" in rendered(features=[]).text


def test_names_in_any_script_stay_as_they_are() -> None:
    assert "Kasse 日本 👩‍🍳 كاشير" in rendered(device_name="Kasse 日本 👩‍🍳 كاشير").subject
