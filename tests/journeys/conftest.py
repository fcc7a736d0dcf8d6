"""The real stack for the journeys: Valkey, gunicorn, Celery, SMTP; started once, on free ports, in its own folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import sync_playwright

from deploy.local_stack.settings import StackSettings, free_ports
from deploy.local_stack.stack import LocalStack
from tests.journeys.people import People

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext


CHROMIUM = Path("/usr/bin/chromium")

DESK = {"viewport": {"width": 1280, "height": 900}}
PHONE = {"viewport": {"width": 360, "height": 740}, "java_script_enabled": False}


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """All parts, with four workers of auth_service so that races are between processes."""
    settings = StackSettings(tmp_path_factory.mktemp("stack"), free_ports(), auth_workers=4)
    # All tests ask from one address, and faster than any chain of shops.
    with LocalStack(settings, extra_environment={"AUTH_LIMIT_CODES_PER_ADDRESS": "1000000"}) as running:
        yield running


@pytest.fixture
def people(stack: LocalStack) -> People:
    """What the people and programs of a journey do, over HTTP."""
    return People(stack.document, stack.folder)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip(f"there is no {CHROMIUM}; install Debian's chromium")
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=flags)
        yield browser
        browser.close()


@pytest.fixture(params=["desk", "phone"])
def context(browser: Browser, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    context = browser.new_context(**{"desk": DESK, "phone": PHONE}[request.param])
    if request.param == "desk":
        context.grant_permissions(["clipboard-read", "clipboard-write"])
    context.set_default_timeout(15_000)
    yield context
    context.close()
