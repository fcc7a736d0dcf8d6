from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from license_service.domain.catalog import Catalog

if TYPE_CHECKING:
    from flask.testing import FlaskClient

KDS = {"code": "kds", "name": "Kitchen display"}
STANDARD = {"code": "standard", "name": "Standard", "components": [{"component_code": "xms", "features": ["xms"]}]}
PREMIUM = {
    "code": "premium",
    "name": "Premium <best>",
    "components": [
        {"component_code": "kds", "features": []},
        {"component_code": "xms", "features": ["xms", "loyalty"]},
    ],
}


@pytest.fixture
def filled(service: FlaskClient) -> None:
    assert service.post("/v1/components", json=KDS).status_code == 201
    assert service.post("/v1/profiles", json=PREMIUM).status_code == 201


def rows(page: str) -> list[list[str]]:
    """Give what stands in the rows of the page's tables, without the marks."""
    found = re.findall(r"<tr>(.*?)</tr>", page, re.DOTALL)
    cells = (re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in found)
    return [[" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in row] for row in cells]


def test_anybody_reads_the_whole_catalog(client: FlaskClient, filled: None) -> None:
    """S2-23: no token is asked for."""
    answer = client.get("/v1/catalog")

    assert answer.status_code == 200
    assert answer.get_json() == {
        "components": [KDS, {"code": "xms", "name": "XMS"}],
        "profiles": [PREMIUM, STANDARD],
    }


def test_who_has_the_catalog_is_not_sent_it_again_until_it_changes(client: FlaskClient, service: FlaskClient) -> None:
    """RFC 9110 §13.1.2."""
    tag = {"If-None-Match": client.get("/v1/catalog").headers["ETag"]}

    known = client.get("/v1/catalog", headers=tag)
    service.post("/v1/components", json=KDS)
    changed = client.get("/v1/catalog", headers=tag)

    assert (known.status_code, known.data) == (304, b"")
    assert (changed.status_code, changed.get_json()["components"][0]) == (200, KDS)


def test_the_page_lists_the_features_of_every_component_under_each_profile(client: FlaskClient, filled: None) -> None:
    """S2-23: a component that a profile does not name, or names without features, has none."""
    page = client.get("/catalog")

    assert (page.status_code, page.content_type) == (200, "text/html; charset=utf-8")
    assert rows(page.text) == [
        ["Component", "Features"],
        ["Kitchen display ( kds )", "No features"],
        ["XMS ( xms )", "xms loyalty"],
        ["Component", "Features"],
        ["Kitchen display ( kds )", "No features"],
        ["XMS ( xms )", "xms"],
    ]


def test_the_page_has_no_script_no_style_of_its_own_and_no_other_host(client: FlaskClient, filled: None) -> None:
    """T42: names are shown as they were written."""
    page = client.get("/catalog")

    assert re.findall(r"<script|<style|style=|onclick|(?:src|href)=.?(?:https?:)?//", page.text) == []
    assert "Premium &lt;best&gt;" in page.text
    assert "Premium <best>" not in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]


def test_an_empty_catalog_says_so(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(_: object) -> Any:
        return Catalog([], [])

    monkeypatch.setattr("license_service.endpoints.solutions_catalog.read_catalog", nothing)

    assert "Nothing is in the catalog yet." in client.get("/catalog").text
