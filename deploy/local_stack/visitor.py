"""A visitor of web pages without a browser: keeps cookies, reads forms and presses buttons by what is written on them.

It knows pages as a person does, by their texts and labels, so that a page may change its addresses and hidden fields.
It runs no script; our pages need none.
"""

from __future__ import annotations

from http.cookiejar import CookieJar
from typing import TYPE_CHECKING, Final
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin, urlsplit
from urllib.request import HTTPCookieProcessor, ProxyHandler, Request, build_opener

from deploy.local_stack.page import Page, PageError, read_page

if TYPE_CHECKING:
    from deploy.local_stack.page import Button, Form

_PATIENCE_SECONDS: Final = 15
_LONGEST_PAGE: Final = 2_000_000


class Visitor:
    """One person with one browser window: `page` is what it shows."""

    def __init__(self) -> None:
        # No proxy: everything that is visited is on this machine.
        self._opener = build_opener(ProxyHandler({}), HTTPCookieProcessor(CookieJar()))
        self.page = Page(url="about:blank", status=0, body="")

    def open(self, url: str) -> Page:
        """Go to an address, with redirects followed."""
        return self._ask(Request(urljoin(self.page.url, url)))  # noqa: S310 - the stack's own addresses

    def press(self, text: str, **entries: str) -> Page:
        """Fill the form that has the button `text` and press it, or follow the link of that text.

        An entry is named by the field's name; a choice may be given as its value or as the text it shows. Raises
        PageError when the page has no such button or link, field or choice.
        """
        for form in self.page.forms:
            for button in form.buttons:
                if button.text == text:
                    return self._submit(form, button, entries)
        if text in self.page.links and not entries:
            return self.open(self.page.links[text])
        raise PageError(f"The page has no button or link '{text}'. {self.page}")

    def _submit(self, form: Form, button: Button, entries: dict[str, str]) -> Page:
        pairs = form.filled(entries, button)
        address = urljoin(self.page.url, button.action or form.action)
        if form.method == "get":
            return self.open(f"{address.partition('?')[0]}?{urlencode(pairs)}")
        # What browsers send along and servers check against forged requests (T37).
        origin = "://".join(urlsplit(self.page.url)[:2])
        headers = {"Origin": origin, "Referer": self.page.url}
        return self._ask(Request(address, data=urlencode(pairs).encode("ascii"), headers=headers))  # noqa: S310 - as above

    def _ask(self, request: Request) -> Page:
        try:
            answer = self._opener.open(request, timeout=_PATIENCE_SECONDS)
        except HTTPError as refused:
            answer = refused  # A page as well: it says why.
        except OSError as fault:
            raise PageError(f"{request.full_url} does not answer: {fault}") from fault
        with answer:
            body = answer.read(_LONGEST_PAGE).decode("utf-8", errors="replace")
            self.page = read_page(answer.url, answer.status, body)
        return self.page
