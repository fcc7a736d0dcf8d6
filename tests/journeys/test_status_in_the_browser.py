"""How emails are going, as whoever runs the service sees it: at a port of its own, at a desk and on a phone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import requests
from playwright.sync_api import expect

from tests.journeys.reader import Reader

if TYPE_CHECKING:
    import pytest
    from playwright.sync_api import BrowserContext

    from deploy.local_stack.stack import LocalStack


def test_the_status_page_is_read_and_narrowed(
    stack: LocalStack, context: BrowserContext, request: pytest.FixtureRequest
) -> None:
    scripts = "desk" in request.node.name
    folder = request.config.getoption("--pictures")
    reader = Reader(Path(folder) if folder else None)
    page = context.new_page()
    reader.listen(page)

    page.goto(stack.document["status_url"])
    expect(page.get_by_role("heading", name="How emails are going")).to_be_visible()
    expect(page.get_by_role("heading", name="Emails are going out")).to_be_visible()
    reader.look(page, "status", scripts=scripts)
    page.get_by_label("State").select_option(label="Held back")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_label("State")).to_have_value("held")
    expect(page.get_by_text("There are none.")).to_be_visible()
    reader.look(page, "status-held", scripts=scripts)

    assert reader.complaints == []


def test_neither_the_page_nor_the_metrics_are_where_the_public_comes_in(stack: LocalStack) -> None:
    """T40: whatever Host the request claims."""
    status_url, notify_url = stack.document["status_url"], stack.document["notify_url"]
    port = status_url.rpartition(":")[2].partition("/")[0]

    metrics = requests.get(status_url.replace("/status", "/metrics"), timeout=10)
    assert 'tillpass_notifications{queue="notifications",state="sent"}' in metrics.text
    for path in ("/status", "/metrics"):
        answer = requests.get(notify_url + path, headers={"Host": f"127.0.0.1:{port}"}, timeout=10)
        assert answer.status_code == 404
