"""What a web page holds for its reader: texts, facts, links and forms (HTML, by the standard library's parser)."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final

from deploy.local_stack.errors import StackError

_NO_CONTENT: Final = frozenset({"input", "br", "hr", "img", "meta", "link", "source", "wbr", "area", "base", "col"})
_UNSEEN: Final = frozenset({"script", "style", "head", "template", "svg"})
_NEVER_SENT: Final = frozenset({"reset", "button", "image", "file"})


class PageError(StackError):
    """A page is not what its visitor looked for; the message shows what it says."""


@dataclass
class Button:
    """A submit button. `action` overrides the form's, if set."""

    text: str
    name: str = ""
    value: str = ""
    action: str = ""


@dataclass
class Form:
    """A form as it is: `values` is what would be sent now; `choices` maps texts to values where a field has some."""

    action: str
    method: str
    values: dict[str, str] = field(default_factory=dict)
    choices: dict[str, dict[str, str]] = field(default_factory=dict)
    buttons: list[Button] = field(default_factory=list)

    def filled(self, entries: dict[str, str], button: Button) -> dict[str, str]:
        """Give what is sent when `button` is pressed. Raises PageError for a field or choice that is not there."""
        sent = dict(self.values)
        for name, entry in entries.items():
            offered = self.choices.get(name)
            if offered is None and name not in self.values:
                raise PageError(f"The form has no field '{name}', only {', '.join(self.values)}.")
            if offered is not None and entry not in {*offered, *offered.values()}:
                raise PageError(f"The field '{name}' does not offer '{entry}', only {', '.join(offered)}.")
            sent[name] = offered.get(entry, entry) if offered else entry
        if button.name:
            sent[button.name] = button.value
        return sent


@dataclass
class Page:
    """A page: `facts` are its labelled values, of description lists and of tables with row headings."""

    url: str
    status: int
    body: str = field(repr=False)
    text: str = ""
    facts: dict[str, str] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    forms: list[Form] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.url} answered {self.status} and says: {self.text[:600]}"


def read_page(url: str, status: int, body: str) -> Page:
    """Read a page; of anything but HTML there is only the body."""
    page = Page(url, status, body)
    reader = _Reader(page)
    reader.feed(body)
    reader.close()
    page.text = " ".join("".join(reader.seen).split())
    return page


class _Reader(HTMLParser):
    """Collects while it walks through the page once; `_open` are the texts of the elements that are open now."""

    def __init__(self, page: Page) -> None:
        super().__init__()
        self.seen: list[str] = []
        self._page = page
        self._form: Form | None = None
        self._select = ""
        self._heading = ""
        self._open: list[tuple[str, dict[str, str], list[str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in _NO_CONTENT:
            if tag == "input":
                self._read_input(given)
            self.seen.append(" ")
            return
        if tag == "form":
            self._form = Form(given.get("action", ""), given.get("method", "get").lower())
            self._page.forms.append(self._form)
        elif tag == "select":
            self._select = given.get("name", "")
        self._open.append((tag, given, []))

    def handle_data(self, data: str) -> None:
        if any(tag in _UNSEEN for tag, _, _ in self._open):
            return
        self.seen.append(data)
        for _, _, texts in self._open:
            texts.append(data)

    def handle_endtag(self, tag: str) -> None:
        if not any(opened == tag for opened, _, _ in self._open):
            return
        while self._open:
            closed, given, texts = self._open.pop()
            self._finish(closed, given, " ".join("".join(texts).split()))
            if closed == tag:
                break
        self.seen.append(" ")

    def _finish(self, tag: str, given: dict[str, str], text: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "a" and "href" in given:
            self._page.links.setdefault(text, given["href"])
        elif tag in {"dt", "th"}:
            self._heading = text
        elif tag in {"dd", "td"} and self._heading:
            self._page.facts.setdefault(self._heading, text)
            self._heading = ""
        elif self._form is not None:
            self._finish_control(self._form, tag, given, text)

    def _finish_control(self, form: Form, tag: str, given: dict[str, str], text: str) -> None:
        name = given.get("name", "")
        if tag == "button" and given.get("type", "submit") == "submit" and "disabled" not in given:
            form.buttons.append(Button(text, name, given.get("value", ""), given.get("formaction", "")))
        elif tag == "textarea" and name:
            form.values[name] = text
        elif tag == "option" and self._select:
            value = given.get("value", text)
            form.choices.setdefault(self._select, {})[text] = value
            if "selected" in given or self._select not in form.values:
                form.values[self._select] = value

    def _read_input(self, given: dict[str, str]) -> None:
        form, name, kind = self._form, given.get("name", ""), given.get("type", "text").lower()
        if form is None or "disabled" in given or kind in _NEVER_SENT:
            return
        value = given.get("value", "on" if kind in {"checkbox", "radio"} else "")
        if kind == "submit":
            form.buttons.append(Button(value, name, value, given.get("formaction", "")))
        elif name and kind in {"checkbox", "radio"}:
            form.choices.setdefault(name, {})[value] = value
            if "checked" in given:
                form.values[name] = value
        elif name:
            form.values[name] = value
