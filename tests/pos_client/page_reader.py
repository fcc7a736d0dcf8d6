"""Read a page as a person does: its words, and the links, forms and attributes behind them."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse


PAGE = "/manage-license"


class Text(HTMLParser):
    """The words of a page, and its links, forms and attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[tuple[str, Any]] = []
        self.feed(html)
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]


def read(response: TestResponse) -> Text:
    return Text(response.get_data(as_text=True))


def see(browser: FlaskClient) -> Text:
    response = browser.get(PAGE)
    assert response.status_code == 200
    return read(response)


def token(browser: FlaskClient) -> str:
    return next(tag["value"] for tag in see(browser).all("input") if tag.get("name") == "csrf_token")


def press(browser: FlaskClient, action: str, **fields: str) -> Text:
    """Press a button and follow the redirect that must come."""
    response = browser.post(f"{PAGE}/{action}", data={"csrf_token": token(browser), **fields})
    assert (response.status_code, response.headers["Location"]) == (303, PAGE)
    return see(browser)
