"""No text that a caller sends becomes SQL (T58): each is put into every place of every operation that takes a text."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from license_service.storage.tables import metadata
from tests.license_service.endpoints.test_mass_assignment import ID, operations
from wire.scopes import LICENSE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask.testing import FlaskClient

    from database.engine import Database
    from license_service.domain.license_key import LicenseKey
    from tests.license_service.endpoints.test_mass_assignment import Operation

ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11"
ATTACKS = [
    "' OR '1'='1' --",
    "'; DROP TABLE seats; --",
    "' UNION SELECT secret FROM webhook_endpoints --",
    '") OR 1=1 --',
    "%' AND randomblob(100000000) LIKE '%",
    "\\'; SELECT pg_sleep(60); --",
]


@pytest.fixture
def document(client: FlaskClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/openapi.json").get_json()
    return found


def spoilt(example: Any, attack: str) -> Iterator[Any]:
    """Give the document with the attack in place of each text within it."""
    places = example.items() if isinstance(example, dict) else enumerate(example)
    for place, value in places:
        for other in [attack] if isinstance(value, str) else spoilt(value, attack) if _is_nested(value) else []:
            copy = deepcopy(example)
            copy[place] = other
            yield copy


def _is_nested(value: object) -> bool:
    return isinstance(value, dict | list)


def requests(operation: Operation, attack: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give path and arguments of each request that has the attack somewhere."""
    path = operation.path
    plain = "/".join(ID if part.startswith("{") else part for part in path.split("/"))
    example = operation.body["example"] if operation.body else None
    parts = path.split("/")
    for number in (number for number, part in enumerate(parts) if part.startswith("{")):
        given = [quote(attack, safe="") if at == number else part for at, part in enumerate(parts)]
        yield "/".join(ID if part.startswith("{") else part for part in given), {"json": example}
    for parameter in operation.described.get("parameters", ()):
        if parameter["in"] == "query":
            yield plain, {"json": example, "query_string": {parameter["name"]: attack}}
    for header in ("If-None-Match", "Idempotency-Key", "X-Request-ID"):
        yield plain, {"json": example, "headers": {header: attack}}
    for body in spoilt(example or {}, attack):
        yield plain, {"json": body}


def schema_of(database: Database) -> list[Any]:
    with database.reading() as connection:
        return list(connection.exec_driver_sql("SELECT name, sql FROM sqlite_master ORDER BY name"))


def license_keys(database: Database) -> list[Any]:
    """Give what none of these requests may change; one that has the attack in a header may do what it asks for."""
    with database.reading() as connection:
        return list(connection.execute(metadata.tables["license_keys"].select()))


@pytest.mark.usefixtures("signing_keys")
@pytest.mark.parametrize("attack", ATTACKS[:3])
def test_a_text_that_is_sql_does_nothing_but_be_a_text(
    attack: str,
    document: dict[str, Any],
    service: FlaskClient,
    device: FlaskClient,
    database: Database,
    sell: Callable[..., LicenseKey],
) -> None:
    """T58: refused as a text that is none of this kind, or taken as what it is; nothing is shown by it."""
    sell(database, ORGANIZATION, id_number="Shops north")
    before = schema_of(database), license_keys(database)
    tried = 0

    for operation in operations(document):
        is_for_devices = [each["bearer"] for each in operation.described.get("security", [])] == [[LICENSE]]
        for path, given in requests(operation, attack):
            headers = {"If-Match": '"1"', **given.pop("headers", {})}
            caller = device if is_for_devices else service
            answer = caller.open(path, method=operation.method, headers=headers, **given)
            tried += 1
            assert answer.status_code < 500, (operation.method, path, given)
            if operation.method == "GET" and attack in given.get("query_string", {}).values():
                assert answer.get_json().get("items", []) == [], (path, given)

    assert tried > 150
    assert (schema_of(database), license_keys(database)) == before


@pytest.mark.parametrize("attack", ATTACKS)
def test_it_is_kept_and_found_as_it_was_written(
    attack: str, service: FlaskClient, database: Database, sell: Callable[..., LicenseKey]
) -> None:
    """T58: nothing is escaped away either."""
    mine, _other = sell(database, ORGANIZATION), sell(database, ORGANIZATION)
    path = f"/v1/license-keys/{mine.id}"

    edited = service.patch(path, json={"id_number": attack}, headers={"If-Match": '"1"'})
    found = service.get("/v1/license-keys", query_string={"id_number": attack}).get_json()["items"]

    assert edited.status_code == 200
    assert [(each["id"], each["id_number"]) for each in found] == [(mine.id, attack)]
