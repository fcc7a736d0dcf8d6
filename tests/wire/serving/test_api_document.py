"""An API's document and the page that shows it, of a small service with one operation."""

from __future__ import annotations

import html
import importlib.metadata
import re
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask
from flask_smorest import Blueprint

from wire.problem import Problem
from wire.serving.api_document import ANY_ROUTE, About, ProblemSchema, document_api, problem_answers

if TYPE_CHECKING:
    from flask.testing import FlaskClient

ABOUT = About(
    title="Tillpass Small service",
    description="Knows one `thing`.",
    audience="small_service",
    public_url="https://small.example/",
    issuer="https://auth.example/",
)


@pytest.fixture
def client() -> FlaskClient:
    app = Flask("small_service", static_folder=None)
    api = document_api(app, ABOUT)
    routes = Blueprint("things", __name__)
    gone = Problem(404, "no_thing", "<No> `thing` has this id.")

    @routes.route("/v1/things/<uuid:thing_id>")
    @routes.response(200, ProblemSchema, example={"title": "A thing"}, description="The `thing`")
    @routes.doc(
        operationId="read_thing", security=[{"bearer": ["things.read"]}], responses=problem_answers([gone, *ANY_ROUTE])
    )
    def read(thing_id: object) -> dict[str, Any]:
        """Read a thing."""
        return {"title": str(thing_id)}

    api.register_blueprint(routes)
    return app.test_client()


@pytest.fixture
def page(client: FlaskClient) -> str:
    return client.get("/docs").get_data(as_text=True)


def test_document_has_the_version_of_what_is_installed(client: FlaskClient) -> None:
    info = client.get("/openapi.json").get_json()["info"]

    assert info == {
        "title": "Tillpass Small service",
        "version": importlib.metadata.version("tillpass"),
        "description": "Knows one `thing`.",
    }


def test_page_shows_each_answer_in_order_with_its_meaning(page: str) -> None:
    answers = re.findall(r"<dt><code>(\d+)</code> (.+?)</dt>", page)

    assert [status for status, _ in answers] == ["200", "401", "403", "404", "503"]
    assert answers[0][1] == "The <code>thing</code>"
    assert "<code>no_thing</code>: &lt;No&gt; <code>thing</code> has this id." in page
    assert "A thing" in page


def test_page_shows_no_backticks(page: str) -> None:
    assert "`" not in page


def test_page_says_how_a_token_is_had_and_sent(page: str) -> None:
    told = html.unescape(page)

    assert (
        'TOKEN=$(curl -su "CLIENT_ID:CLIENT_SECRET" https://auth.example/oauth/token \\\n'
        "  -d grant_type=client_credentials -d scope=SCOPE | jq -r .access_token)"
    ) in told
    assert 'curl -H "Authorization: Bearer $TOKEN" https://small.example/v1/' in told


def test_whatever_scrolls_is_reached_by_keyboard_and_has_a_name_of_its_own(page: str) -> None:
    boxes = re.findall(r'<pre.*?>|<div class="table".*?>', page)
    names = [re.search(r'tabindex="0" role="group" aria-label="([^"]+)"', box) for box in boxes]

    assert len(boxes) == page.count("<pre") + page.count("<table") >= 5
    assert None not in names
    assert len({found.group(1) for found in names if found}) == len(names)


def test_page_and_its_style_are_protected(client: FlaskClient, page: str) -> None:
    """T42, T43."""
    link = re.search(r'href="([^"]+\.css)"', page)
    assert link is not None
    with client.get(link.group(1)) as style:
        assert (style.status_code, style.mimetype) == (200, "text/css")
        for answer in (style, client.get("/docs")):
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["X-Frame-Options"] == "DENY"
