"""The API answers what its OpenAPI document says, for good and bad input that is made from the document (T45, T49)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import schemathesis
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import ignored_auth

if TYPE_CHECKING:
    from flask import Flask
    from schemathesis import BaseSchema

    from database.engine import Database

ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11"
OPERATIONS = [
    "claim_seat",
    "read_entitlement",
    "issue_key",
    "list_license_keys",
    "read_license_key",
    "edit_id_number",
    "suspend_key",
    "reinstate_key",
    "revoke_key",
    "renew_key",
    "switch_key",
    "replace_key",
    "list_seats",
    "release_seat",
    "transfer_seat",
    "record_agreement",
    "list_agreements",
    "read_agreement",
    "add_component",
    "list_components",
    "add_profile",
    "list_profiles",
    "read_access_key",
    "validate_access_key",
]


@pytest.fixture
def described(app: Flask, database: Database, sell: object) -> BaseSchema:
    # The organization of the document's examples has a license key, so that its claims succeed.
    sell(database, ORGANIZATION, seats=1000)
    return schemathesis.openapi.from_wsgi("/openapi.json", app)


def names_each_component_once(body: object) -> bool:
    """JSON Schema has no word for it."""
    components = body.get("components") if isinstance(body, dict) else None
    codes = [each.get("component_code") for each in components or ()]
    return len(set(codes)) == len(codes)


@pytest.mark.parametrize("mode", GenerationMode)
@pytest.mark.parametrize("operation_id", OPERATIONS)
@settings(max_examples=15, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_every_answer_is_as_the_document_says(
    data: st.DataObject, operation_id: str, mode: GenerationMode, described: BaseSchema, issuer: object
) -> None:
    operation = described.find_operation_by_id(operation_id)

    case = data.draw(operation.as_strategy(generation_mode=mode))
    if mode is GenerationMode.POSITIVE:
        # Each example is a request of its own, and the same key for two of them would rightly be refused.
        (case.headers or {}).pop("Idempotency-Key", None)
        assume(names_each_component_once(case.body))

    # Tokens are tried in test_guarding; here every request carries one.
    case.call_and_validate(headers={"Authorization": f"Bearer {issuer.token()}"}, excluded_checks=[ignored_auth])
