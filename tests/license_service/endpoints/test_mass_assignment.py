"""What a request may set is listed, and nothing else is set (T45): every operation and schema of the document."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from license_service.storage.tables import metadata
from wire.scopes import LICENSE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from database.engine import Database

ID = "9f2f3c64-0d8b-4b0e-a5f3-7a1d9a3f5c21"
FOREIGN = {"is_admin", "role", "scope", "owner", "__class__", "constructor"}


class Operation(NamedTuple):
    method: str
    path: str
    described: dict[str, Any]

    @property
    def body(self) -> dict[str, Any] | None:
        found: dict[str, Any] | None = self.described.get("requestBody", {}).get("content", {}).get("application/json")
        return found

    def ask(self, service: FlaskClient, device: FlaskClient, **given: Any) -> TestResponse:
        is_for_devices = [each["bearer"] for each in self.described["security"]] == [[LICENSE]]
        path = self.path
        while "{" in path:
            path = f"{path.partition('{')[0]}{ID}{path.partition('}')[2]}"
        return (device if is_for_devices else service).open(
            path, method=self.method, headers={"If-Match": '"1"'}, **given
        )


@pytest.fixture
def document(client: FlaskClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/openapi.json").get_json()
    return found


def operations(document: dict[str, Any]) -> Iterator[Operation]:
    for path, item in document["paths"].items():
        for method, described in item.items():
            if method != "parameters":
                yield Operation(method.upper(), path, described)


def schema_of(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """Follow a reference."""
    name = schema.get("$ref", "").rpartition("/")[2]
    return document["components"]["schemas"][name] if name else schema


def objects_in(document: dict[str, Any], schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Give a schema and those within it, as far as they are of objects."""
    schema = schema_of(document, schema)
    if "properties" in schema:
        yield schema
    inner = [*schema.get("properties", {}).values(), *schema.get("anyOf", ()), *schema.get("allOf", ())]
    for each in [*inner, *([schema["items"]] if "items" in schema else ())]:
        yield from objects_in(document, each)


def every_member(document: dict[str, Any]) -> set[str]:
    """Give the name of every member of every document, and some that others were attacked by."""
    schemas = document["components"]["schemas"].values()
    return FOREIGN.union(*(schema["properties"] for schema in schemas))


def rows(database: Database) -> list[Any]:
    with database.reading() as connection:
        return [connection.execute(table.select()).all() for table in metadata.sorted_tables]


def test_every_body_is_described_as_closed(document: dict[str, Any]) -> None:
    bodies = [operation for operation in operations(document) if operation.body]

    assert bodies
    for operation in bodies:
        for schema in objects_in(document, operation.body["schema"]):
            assert schema["additionalProperties"] is False, (operation.path, schema)


def test_no_body_takes_a_member_that_is_not_its_own(
    service: FlaskClient, device: FlaskClient, document: dict[str, Any], database: Database
) -> None:
    """T45: not one that the record has, such as `status`, `version` or `seats_claimed`, either."""
    before = rows(database)

    for operation in operations(document):
        if operation.body is None:
            continue
        own = schema_of(document, operation.body["schema"])["properties"].keys()
        others = every_member(document) - own
        answer = operation.ask(service, device, json={**operation.body["example"], **dict.fromkeys(others, "x")})
        assert (answer.status_code, answer.get_json()["code"]) == (422, "invalid_fields"), operation.path
        assert others <= answer.get_json()["errors"].keys(), operation.path
    assert rows(database) == before


def test_no_member_within_a_body_takes_one_either(
    service: FlaskClient, device: FlaskClient, document: dict[str, Any], database: Database
) -> None:
    before = rows(database)
    tried = 0

    for operation in operations(document):
        for body in _spoilt(operation.body["example"] if operation.body else {}):
            tried += 1
            answer = operation.ask(service, device, json=body)
            assert (answer.status_code, answer.get_json()["code"]) == (422, "invalid_fields"), (operation.path, body)
    assert tried > 0
    assert rows(database) == before


def _spoilt(example: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Give the example with a foreign member in each object that stands in it."""
    for name, value in example.items():
        for within in value if isinstance(value, list) else [value]:
            if isinstance(within, dict):
                spoilt = deepcopy(example)
                spoilt[name] = [{**within, "is_admin": True}] if isinstance(value, list) else {**within, "is_admin": 1}
                yield spoilt


def test_no_query_takes_a_parameter_that_is_not_its_own(
    service: FlaskClient, device: FlaskClient, document: dict[str, Any]
) -> None:
    for operation in operations(document):
        parameters = [each["name"] for each in operation.described.get("parameters", ()) if each["in"] == "query"]
        if not parameters:
            continue
        others = every_member(document) - set(parameters)
        answer = operation.ask(service, device, query_string=dict.fromkeys(others, "x"))
        assert (answer.status_code, answer.get_json()["code"]) == (422, "invalid_fields"), operation.path
        assert others <= answer.get_json()["errors"].keys(), operation.path
