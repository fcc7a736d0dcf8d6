"""The OpenAPI document is complete: a caller needs nothing else to use an operation and to read its answers."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask.testing import FlaskClient

PROBLEM = "application/problem+json"


@pytest.fixture
def document(client: FlaskClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/openapi.json").get_json()
    return found


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method != "parameters":
                yield f"{method.upper()} {path}", operation


def parameters(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, operation in operations(document):
        for parameter in operation.get("parameters", ()):
            yield f"{name}: {parameter['name']}", parameter


def is_as(document: dict[str, Any], schema: dict[str, Any], value: Any) -> bool:
    """Tell whether a value is as a schema of the document says."""
    return Draft202012Validator({**schema, "components": document["components"]}).is_valid(value)


def test_every_operation_is_named_once_and_summed_up(document: dict[str, Any]) -> None:
    found = dict(operations(document))

    assert [name for name, operation in found.items() if not operation.get("summary")] == []
    assert max(Counter(operation["operationId"] for operation in found.values()).values()) == 1


def test_every_header_and_page_parameter_says_what_it_is_for(document: dict[str, Any]) -> None:
    """A filter is a member of the record, and described there."""
    told = [
        (name, parameter.get("description") or parameter["schema"].get("description"))
        for name, parameter in parameters(document)
        if parameter["in"] == "header" or parameter["name"] in {"limit", "cursor"}
    ]

    assert told
    assert [name for name, description in told if not description] == []


def test_every_body_has_an_example_that_is_as_its_schema_says(document: dict[str, Any]) -> None:
    bodies = {
        name: operation["requestBody"]["content"]["application/json"]
        for name, operation in operations(document)
        if "requestBody" in operation
    }

    assert bodies
    for name, body in bodies.items():
        assert is_as(document, body["schema"], body["example"]), name


def test_every_good_answer_has_an_example_that_is_as_its_schema_says(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        good = {status: answer for status, answer in operation["responses"].items() if status < "300"}
        assert good, name
        for status, answer in good.items():
            if status == "204":
                assert "content" not in answer, name
            else:
                content = answer["content"]["application/json"]
                assert is_as(document, content["schema"], content["example"]), name


def test_every_problem_has_an_example_that_is_as_its_schema_says(document: dict[str, Any]) -> None:
    """RFC 9457: 422 names the fields."""
    for name, operation in operations(document):
        for status, answer in operation["responses"].items():
            if status < "400":
                continue
            content = answer["content"][PROBLEM]
            for code, example in content["examples"].items():
                assert is_as(document, content["schema"], example["value"]), (name, code)
                assert example["value"]["code"] == code, name
                assert status != "422" or example["value"]["errors"], (name, code)


def test_every_example_of_a_parameter_or_header_is_as_its_schema_says(document: dict[str, Any]) -> None:
    headers = [
        (f"{name}: {header}", described["schema"])
        for name, operation in operations(document)
        for answer in operation["responses"].values()
        for header, described in answer.get("headers", {}).items()
    ]
    schemas = [*headers, *((name, parameter["schema"]) for name, parameter in parameters(document))]

    examples = [(name, schema, schema["example"]) for name, schema in schemas if "example" in schema]

    assert examples
    assert [name for name, schema, example in examples if not is_as(document, schema, example)] == []


def test_every_operation_tells_its_refusals(document: dict[str, Any]) -> None:
    """A path with an id can be of nothing, a body can be broken, a version stale."""
    for name, operation in operations(document):
        wanted = {"401", "403", "503"} if operation["security"] else {"503"}
        wanted |= {"404"} if "{" in name else set()
        wanted |= {"400", "413", "415", "422"} if "requestBody" in operation else set()
        wanted |= {"409", "422"} if name.startswith("POST ") else set()
        given = {each["name"] for each in operation.get("parameters", ())}
        wanted |= {"412", "422", "428"} if "If-Match" in given else set()
        wanted |= {"422"} if given & {"limit", "organization_id"} else set()
        assert wanted <= operation["responses"].keys(), name


def test_what_is_made_says_where_it_is_read(document: dict[str, Any]) -> None:
    """Wherever one record can be read."""
    readable = {
        name.partition("/{")[0].removeprefix("GET ") for name, _ in operations(document) if name.endswith("_id}")
    }

    for name, operation in operations(document):
        made = operation["responses"].get("201")
        if made is not None and name.removeprefix("POST ").partition("/{")[0] in readable:
            assert "Location" in made["headers"], name
