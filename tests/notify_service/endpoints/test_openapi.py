from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import openapi_spec_validator

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.testing import FlaskClient


def test_the_description_is_openapi_3_1_and_whole(client: FlaskClient) -> None:
    document = client.get("/openapi.json").get_json()

    openapi_spec_validator.validate(document)
    assert document["openapi"].startswith("3.1")
    assert set(document["paths"]) == {
        "/v1/notifications",
        "/v1/notifications/{notification_id}",
        "/v1/notifications/{notification_id}/resend",
        "/v1/sending",
        "/v1/refused-addresses",
    }


def test_every_error_is_described_as_a_problem_document(client: FlaskClient) -> None:
    """RFC 9457: and the status of each example is the one that it stands under."""
    document = client.get("/openapi.json").get_json()

    found = {}
    for path, item in document["paths"].items():
        (operation,) = (item[method] for method in ("get", "post") if method in item)
        found[path] = list(operation["responses"])
        for status, answer in operation["responses"].items():
            if status not in {"200", "202"}:
                body = answer["content"]["application/problem+json"]
                assert body["schema"] == {"$ref": "#/components/schemas/Problem"}
                assert {example["value"]["status"] for example in body["examples"].values()} == {int(status)}
    assert {path: sorted(statuses) for path, statuses in found.items()} == {
        "/v1/notifications": ["200", "401", "403", "422", "503"],
        "/v1/notifications/{notification_id}": ["200", "401", "403", "404", "503"],
        "/v1/notifications/{notification_id}/resend": ["202", "401", "403", "404", "409", "503"],
        "/v1/sending": ["200", "401", "403", "503"],
        "/v1/refused-addresses": ["200", "401", "403", "503"],
    }


def test_the_example_is_as_a_notification_is_shown(
    client: FlaskClient, authorization: dict[str, str], queued: Callable[..., str]
) -> None:
    operation = client.get("/openapi.json").get_json()["paths"]["/v1/notifications/{notification_id}"]["get"]
    shown = client.get(f"/v1/notifications/{queued()}", headers=authorization).get_json()

    assert operation["responses"]["200"]["content"]["application/json"]["example"].keys() == shown.keys()


def test_every_operation_wants_the_scope(client: FlaskClient) -> None:
    document = client.get("/openapi.json").get_json()

    for path in document["paths"].values():
        for method, scope in (("get", "notifications.read"), ("post", "notifications.write")):
            assert method not in path or path[method]["security"] == [{"bearer": [scope]}]


def test_the_page_shows_every_operation_without_any_script(client: FlaskClient) -> None:
    answer = client.get("/docs")
    page = answer.get_data(as_text=True)

    assert answer.status_code == 200
    for shown in ("GET /v1/notifications</code>", "GET /v1/notifications/{notification_id}", "smtp_answer"):
        assert shown in page
    assert not re.search(r"<script|<style|style=|onclick|(?:src|href)=.?(?:https?:)?//", page)
    for policy in ("default-src 'none'", "style-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"):
        assert policy in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    with client.get("/docs/static/api_document.css") as style:
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
