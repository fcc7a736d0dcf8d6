from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import openapi_spec_validator

if TYPE_CHECKING:
    from flask.testing import FlaskClient


def test_the_description_is_openapi_3_1_and_whole(client: FlaskClient) -> None:
    document = client.get("/openapi.json").get_json()

    openapi_spec_validator.validate(document)
    assert document["openapi"].startswith("3.1")
    assert set(document["paths"]) == {"/v1/notifications", "/v1/notifications/{notification_id}"}
    assert set(document["components"]["schemas"]) == {"Notification", "NotificationList", "Problem"}


def test_every_error_is_described_as_a_problem_document(client: FlaskClient) -> None:
    """RFC 9457."""
    document = client.get("/openapi.json").get_json()

    for response in document["components"]["responses"].values():
        assert list(response["content"]) == ["application/problem+json"]


def test_every_operation_wants_the_scope(client: FlaskClient) -> None:
    document = client.get("/openapi.json").get_json()

    for path in document["paths"].values():
        assert path["get"]["security"] == [{"access_token": ["notifications.read"]}]


def test_the_page_shows_every_operation_without_any_script(client: FlaskClient) -> None:
    answer = client.get("/docs")
    page = answer.get_data(as_text=True)

    assert answer.status_code == 200
    for shown in ("GET /v1/notifications</code>", "GET /v1/notifications/{notification_id}", "smtp_answer"):
        assert shown in page
    assert not re.search(r"<script|style=|https?://(?!127)", page)
    for policy in ("default-src 'none'", "style-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"):
        assert policy in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    with client.get("/docs/static/docs.css") as style:
        assert style.content_type == "text/css; charset=utf-8"


def test_the_page_names_its_parts_once(client: FlaskClient) -> None:
    class Ids(HTMLParser):
        ids: list[str] = []  # noqa: RUF012 - one page, one parser
        labels: list[str] = []  # noqa: RUF012 - as above

        def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
            given = dict(attributes)
            self.ids += [value for name, value in given.items() if name == "id" and value]
            self.labels += [value for name, value in given.items() if name == "aria-labelledby" and value]

    parser = Ids()
    parser.feed(client.get("/docs").get_data(as_text=True))

    assert len(set(parser.ids)) == len(parser.ids)
    assert set(parser.labels) <= set(parser.ids)
