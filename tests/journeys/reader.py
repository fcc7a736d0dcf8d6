"""Looks at the pages of a journey."""

from __future__ import annotations

from typing import TYPE_CHECKING

from axe_playwright_python.sync_playwright import Axe

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page


class Reader:
    """Looks at each page as it is reached: axe, console errors, sideways scrolling, a picture if a folder is named."""

    def __init__(self, pictures: Path | None) -> None:
        self._pictures = pictures
        self._count = 0
        self.complaints: list[str] = []

    def listen(self, page: Page) -> None:
        page.on("console", lambda message: self._hear(message.type, f"{message.text} {message.location['url']}"))
        page.on("pageerror", lambda error: self._hear("error", str(error)))

    def look(self, page: Page, name: str, *, scripts: bool) -> None:
        if self._pictures:
            self._count += 1
            page.screenshot(path=self._pictures / f"{self._count:02}-{name}.png", full_page=True)
        if scripts:
            found = Axe().run(page).response["violations"]
            self.complaints += [f"{name}: {one['id']} {one['nodes'][0]['html']}" for one in found]
            too_wide: bool = page.evaluate(
                "document.documentElement.scrollWidth > document.documentElement.clientWidth"
            )
            if too_wide:
                self.complaints.append(f"{name}: scrolls sideways")

    def _hear(self, kind: str, text: str) -> None:
        # A page that was refused (a wrong code, a used link) is told of in the console too; that one is meant.
        if kind == "error" and not any(f" {status} " in text for status in (410, 422)):
            self.complaints.append(f"console: {text}")
