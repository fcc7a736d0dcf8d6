"""The links of a mail, of its text and of its HTML, each once: what a person would press, to be looked at first."""

from __future__ import annotations

import re
from contextlib import suppress
from html.parser import HTMLParser
from typing import Final

_IN_TEXT: Final = re.compile(r"https?://[^\s<>\"']+")
_AFTER: Final = ".,;:!?)]}"


def links_of(text: str, html: str) -> list[str]:
    """Give the addresses that the mail leads to, in their order."""
    reader = _Anchors()
    # A declaration that is none makes the standard library's parser give up; what it found so far stands.
    with suppress(AssertionError):
        reader.feed(html)
        reader.close()
    return list(dict.fromkeys([*(found.rstrip(_AFTER) for found in _IN_TEXT.findall(text)), *reader.found]))


class _Anchors(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        target = (dict(attrs).get("href") or "").strip()
        if tag in {"a", "area"} and target:
            self.found.append(target)
