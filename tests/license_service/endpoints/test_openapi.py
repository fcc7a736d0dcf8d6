from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from license_service.endpoints.devices import ClaimSchema
from license_service.endpoints.license_key_documents import LicenseKeySchema, NewKeySchema
from wire.license_documents import EntitlementSchema

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask.testing import FlaskClient


@pytest.fixture
def document(client: FlaskClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/openapi.json").get_json()
    return found


def operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for item in document["paths"].values():
        yield from (operation for method, operation in item.items() if method != "parameters")


def test_the_document_is_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []


def test_every_operation_names_its_bearer_scope(document: dict[str, Any]) -> None:
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    assert all(len(need["bearer"]) == 1 for operation in operations(document) for need in operation["security"])


def test_every_error_is_a_problem_document_with_an_example(document: dict[str, Any]) -> None:
    """RFC 9457: and the status of each example is the one that it stands under."""
    for operation in operations(document):
        assert ({"401", "403", "503"} if operation["security"] else {"503"}) <= operation["responses"].keys()
        for status, answer in operation["responses"].items():
            if int(status) >= 400:
                body = answer["content"]["application/problem+json"]
                assert body["schema"] == {"$ref": "#/components/schemas/Problem"}
                assert {example["value"]["status"] for example in body["examples"].values()} == {int(status)}


def test_the_codes_that_a_claim_can_end_in_are_listed(document: dict[str, Any]) -> None:
    answers = document["paths"]["/v1/devices/{device_id}/seat"]["put"]["responses"]
    listed = {
        status: set(answers[status]["content"]["application/problem+json"]["examples"]) for status in ("404", "409")
    }

    assert listed == {
        "404": {"no_license"},
        "409": {
            "no_seat_free",
            "license_expired",
            "license_suspended",
            "component_not_licensed",
            "device_refused",
        },
    }


def test_the_examples_are_read_by_the_schemas(document: dict[str, Any]) -> None:
    seat = document["paths"]["/v1/devices/{device_id}/seat"]["put"]
    create = document["paths"]["/v1/license-keys"]["post"]

    assert ClaimSchema().load(seat["requestBody"]["content"]["application/json"]["example"])
    assert NewKeySchema().load(create["requestBody"]["content"]["application/json"]["example"])
    assert LicenseKeySchema().load(create["responses"]["201"]["content"]["application/json"]["example"])
    assert EntitlementSchema().load(seat["responses"]["200"]["content"]["application/json"]["example"])


def test_the_page_shows_every_operation_without_scripts_or_other_hosts(
    client: FlaskClient, document: dict[str, Any]
) -> None:
    page = client.get("/docs")

    assert page.status_code == 200
    assert page.content_type == "text/html; charset=utf-8"
    for operation in operations(document):
        assert f'id="{operation["operationId"]}"' in page.text
        assert operation["summary"] in page.text
    assert re.findall(r"<script|<style|style=|onclick|(?:src|href)=.?(?:https?:)?//", page.text) == []
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]


def test_the_page_says_how_a_token_is_had(client: FlaskClient) -> None:
    told = html.unescape(client.get("/docs").text)

    assert 'curl -su "CLIENT_ID:CLIENT_SECRET" http://127.0.0.1:8001/oauth/token \\\n' in told
    assert 'curl -H "Authorization: Bearer $TOKEN" https://licenses.example/v1/' in told


def test_the_page_brings_its_own_style(client: FlaskClient) -> None:
    link = re.search(r'href="([^"]+\.css)"', client.get("/docs").text)

    assert link is not None
    with client.get(link.group(1)) as style:
        assert (style.status_code, style.mimetype) == (200, "text/css")
