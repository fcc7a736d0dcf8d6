"""The Solutions Catalog in a browser, on a desk's screen and on a phone's without JavaScript (S2-23)."""

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
    from tests.journeys.people import People

KDS = {"code": "kds", "name": "Kitchen display"}
PREMIUM = {
    "code": "premium",
    "name": "Premium",
    "components": [
        {"component_code": "kds", "features": ["kds", "bump-bar"]},
        {"component_code": "xms", "features": ["xms", "loyalty", "gift-cards"]},
    ],
}


def test_a_customer_finds_the_features_of_a_profile(
    stack: LocalStack, people: People, context: BrowserContext, request: pytest.FixtureRequest
) -> None:
    """S2-23: what the vendor added stands on the page, which everybody may read."""
    url = stack.document["license_url"].rstrip("/")
    headers = {"Authorization": f"Bearer {people.service_token('licenses.write')}"}
    for path, entry in (("components", KDS), ("profiles", PREMIUM)):
        added = requests.post(f"{url}/v1/{path}", json=entry, headers=headers, timeout=10)
        assert added.status_code in {201, 409}, added.text
    folder = request.config.getoption("--pictures")
    reader = Reader(Path(folder) if folder else None)
    page = context.new_page()
    reader.listen(page)

    page.goto(f"{url}/catalog")
    expect(page.get_by_role("heading", name="Solutions Catalog")).to_be_visible()
    page.get_by_role("navigation").get_by_role("link", name="Premium").click()
    expect(page.get_by_role("heading", name="Premium")).to_be_in_viewport()
    row = page.get_by_role("group", name="Features under Premium").get_by_role("row", name="Kitchen display")
    assert row.get_by_role("listitem").all_inner_texts() == ["kds", "bump-bar"]
    standard = page.get_by_role("group", name="Features under Standard").get_by_role("row", name="Kitchen display")
    expect(standard.get_by_role("cell", name="No features")).to_be_visible()
    screen = request.node.callspec.params["context"]
    reader.look(page, f"solutions-catalog-{screen}", scripts=screen == "desk")
    assert reader.complaints == []
