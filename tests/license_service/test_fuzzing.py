"""The API answers what its OpenAPI document says, for good and bad input that is made from the document (T45, T49).

`--fuzz-examples=1000` tries that many requests of each kind at each operation; without it a few, the same each time.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import ignored_auth

from license_service.actions.claim_seat import claim_seat
from tests.license_service.conftest import NOW, new_id
from wire.check_in import CHECK_IN_PATH

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask
    from flask.testing import FlaskClient
    from schemathesis import APIOperation, BaseSchema, Case

    from database.engine import Database

# They take nothing that could be wrong: no body, and of parameters only If-None-Match, which may be any text.
NEVER_WRONG = {"GET /v1/catalog", "GET /v1/license-counts"}

# They are shut to services.
FOR_DEVICES = {"/v1/activations", CHECK_IN_PATH}

ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11"
DEVICE = "5d1c9f3e-8a52-4e0c-9a76-3c1f0c2b7d10"


@pytest.fixture
def described(app: Flask, database: Database, sell: object, signing_keys: object) -> BaseSchema:
    # The organization of the document's examples has license keys, so that claims succeed and lists have a next page.
    for device_id in (DEVICE, new_id()):
        sell(database, ORGANIZATION, seats=1000)
        claim_seat(database, device_id=device_id, organization_id=ORGANIZATION, now=NOW)
    schema = schemathesis.openapi.from_wsgi("/openapi.json", app)
    # Tokens are tried in test_guarding; here every request carries a good one.
    for item in schema.raw_schema["paths"].values():
        for operation in item.values():
            if isinstance(operation, dict):
                operation.pop("security", None)
    return schema


@pytest.mark.parametrize("mode", GenerationMode)
def test_every_answer_is_as_the_document_says(
    mode: GenerationMode, described: BaseSchema, service: FlaskClient, device: FlaskClient, pytestconfig: pytest.Config
) -> None:
    examples = pytestconfig.getoption("fuzz_examples")
    budget = settings(
        max_examples=examples or 8,
        derandomize=not examples,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )

    for operation in described.get_all_operations():
        if mode is GenerationMode.NEGATIVE and operation.ok().label in NEVER_WRONG:
            continue
        caller = device if operation.ok().path in FOR_DEVICES else service
        budget(_attempts(operation.ok(), mode, caller))()


def _attempts(operation: APIOperation, mode: GenerationMode, service: FlaskClient) -> Callable[[], None]:
    authorization = {"Authorization": service.environ_base["HTTP_AUTHORIZATION"]}

    @given(case=operation.as_strategy(generation_mode=mode))
    def attempt(case: Case) -> None:
        if mode is GenerationMode.POSITIVE:
            _mend(case, service, authorization)
        case.call_and_validate(headers=authorization, excluded_checks=[ignored_auth])

    return attempt


def _mend(case: Case, service: FlaskClient, authorization: dict[str, str]) -> None:
    """Give what a schema cannot say: cursors and versions were given, and each key and thing is named once."""
    if "cursor" in case.query:
        cursor = service.get(f"{case.formatted_path}?limit=1", headers=authorization).get_json().get("next_cursor")
        case.query = {**case.query, "cursor": cursor} if cursor else {}
    if "If-Match" in case.headers:
        tag = service.get(case.formatted_path, headers=authorization).headers.get("ETag")
        case.headers["If-Match"] = tag or case.headers["If-Match"]
    if "Idempotency-Key" in case.headers:
        case.headers["Idempotency-Key"] = str(uuid.uuid4())
    for name, member in (("components", "component_code"), ("seats_in_use", "component_code"), ("registers", "id")):
        if isinstance(case.body, dict) and isinstance(case.body.get(name), list):
            by_name = {each[member]: each for each in case.body[name]}
            case.body = {**case.body, name: list(by_name.values())}
    if isinstance(case.body, dict) and "held" in case.body:
        by_id = {each["key_id"].lower(): each for each in case.body["held"]}
        case.body = {**case.body, "held": list(by_id.values())}
    if (
        case.operation.path.endswith("/access-migrations")
        and isinstance(case.body, dict)
        and not case.body.get("state")
    ):
        case.body = {**case.body, "preview": True}
    if isinstance(case.body, dict) and isinstance(case.body.get("members"), list):
        by_identity = {(each["kind"], each["id"]): each for each in case.body["members"]}
        case.body = {**case.body, "members": list(by_identity.values())}
