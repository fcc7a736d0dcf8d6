"""Who may call what (RFC 6750): every operation of the OpenAPI document, so that a new one cannot be forgotten."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

import pytest

from wire.dpop_key import DpopKey
from wire.scopes import (
    ENTITLEMENTS,
    LICENSE,
    LICENSES_READ,
    LICENSES_WRITE,
    NOTIFY_AUDIENCE,
    WEBHOOKS_READ,
    WEBHOOKS_WRITE,
)

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

UUID = "5d1c9f3e-8a52-4e0c-9a76-3c1f0c2b7d10"


class Operation(NamedTuple):
    method: str
    path: str
    scope: str


OPERATIONS = [
    Operation("put", "/v1/devices/{device_id}/seat", ENTITLEMENTS),
    Operation("delete", "/v1/devices/{device_id}/seat", ENTITLEMENTS),
    Operation("get", "/v1/devices/{device_id}/entitlement", ENTITLEMENTS),
    Operation("get", "/v1/devices/{device_id}/contact", LICENSES_READ),
    Operation("post", "/v1/check-ins", LICENSE),
    Operation("get", "/v1/contacts", LICENSES_READ),
    Operation("get", "/v1/due-renewals", LICENSES_READ),
    Operation("get", "/v1/missing-contacts", LICENSES_READ),
    Operation("get", "/v1/over-counts", LICENSES_READ),
    Operation("get", "/v1/license-counts", LICENSES_READ),
    Operation("post", "/v1/license-keys", LICENSES_WRITE),
    Operation("get", "/v1/license-keys", LICENSES_READ),
    Operation("get", "/v1/license-keys/{key_id}", LICENSES_READ),
    Operation("patch", "/v1/license-keys/{key_id}", LICENSES_WRITE),
    Operation("post", "/v1/license-keys/{key_id}/suspend", LICENSES_WRITE),
    Operation("post", "/v1/license-keys/{key_id}/reinstate", LICENSES_WRITE),
    Operation("post", "/v1/license-keys/{key_id}/revoke", LICENSES_WRITE),
    Operation("post", "/v1/license-keys/{key_id}/renew", LICENSES_WRITE),
    Operation("post", "/v1/license-keys/{key_id}/switch", LICENSES_WRITE),
    Operation("post", "/v1/license-keys/{key_id}/replace", LICENSES_WRITE),
    Operation("get", "/v1/license-keys/{key_id}/seats", LICENSES_READ),
    Operation("post", "/v1/seat-transfers", LICENSES_WRITE),
    Operation("get", "/v1/license-keys/{key_id}/access-key", LICENSES_READ),
    Operation("post", "/v1/access-key-validations", ENTITLEMENTS),
    Operation("post", "/v1/synchronizations", LICENSES_WRITE),
    Operation("get", "/v1/synchronizations", LICENSES_READ),
    Operation("get", "/v1/synchronizations/{run_id}", LICENSES_READ),
    Operation("get", "/v1/sites/{organization_id}", LICENSES_READ),
    Operation("put", "/v1/sites/{organization_id}", LICENSES_WRITE),
    Operation("post", "/v1/activations", LICENSE),
    Operation("post", "/v1/license-keys/{key_id}/access-migrations", LICENSES_WRITE),
    Operation("post", "/v1/access-groups", LICENSES_WRITE),
    Operation("get", "/v1/access-groups", LICENSES_READ),
    Operation("get", "/v1/access-groups/{group_id}", LICENSES_READ),
    Operation("put", "/v1/access-groups/{group_id}", LICENSES_WRITE),
    Operation("delete", "/v1/access-groups/{group_id}", LICENSES_WRITE),
    Operation("post", "/v1/agreements", LICENSES_WRITE),
    Operation("get", "/v1/agreements", LICENSES_READ),
    Operation("get", "/v1/agreements/{agreement_id}", LICENSES_READ),
    Operation("post", "/v1/components", LICENSES_WRITE),
    Operation("get", "/v1/components", LICENSES_READ),
    Operation("post", "/v1/profiles", LICENSES_WRITE),
    Operation("get", "/v1/profiles", LICENSES_READ),
    Operation("post", "/v1/webhook-endpoints", WEBHOOKS_WRITE),
    Operation("get", "/v1/webhook-endpoints", WEBHOOKS_READ),
    Operation("get", "/v1/webhook-endpoints/{endpoint_id}", WEBHOOKS_READ),
    Operation("put", "/v1/webhook-endpoints/{endpoint_id}", WEBHOOKS_WRITE),
    Operation("delete", "/v1/webhook-endpoints/{endpoint_id}", WEBHOOKS_WRITE),
    Operation("post", "/v1/webhook-endpoints/{endpoint_id}/secret", WEBHOOKS_WRITE),
    Operation("get", "/v1/webhook-endpoints/{endpoint_id}/deliveries", WEBHOOKS_READ),
    Operation("post", "/v1/webhook-endpoints/{endpoint_id}/deliveries/{event_id}/redeliver", WEBHOOKS_WRITE),
]
EVERY = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: f"{operation.method} {operation.path}")


def call(client: FlaskClient, operation: Operation, authorization: str | None) -> TestResponse:
    path = re.sub("{.*?}", UUID, operation.path)
    headers = {} if authorization is None else {"Authorization": authorization}
    return client.open(path, method=operation.method.upper(), headers=headers)


def test_every_operation_and_its_scope_is_listed_here(client: FlaskClient) -> None:
    document = client.get("/openapi.json").get_json()

    found = {
        Operation(method, path, operation["security"][0]["bearer"][0])
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method != "parameters" and operation["security"]
    }
    assert found == set(OPERATIONS)


def test_only_the_solutions_catalog_asks_for_no_token(client: FlaskClient) -> None:
    """S2-23."""
    paths = client.get("/openapi.json").get_json()["paths"]

    public = [
        (method, path)
        for path, item in paths.items()
        for method in item.keys() - {"parameters"}
        if not item[method]["security"]
    ]
    assert public == [("get", "/v1/catalog")]


@EVERY
@pytest.mark.parametrize("authorization", [None, "Basic YTpi", "Bearer", "Bearer "])
def test_without_a_token_the_challenge_has_no_error_code(
    client: FlaskClient, operation: Operation, authorization: str | None
) -> None:
    """RFC 6750 §3.1: "the resource server SHOULD NOT include an error code"."""
    answer = call(client, operation, authorization)

    assert (answer.status_code, answer.get_json()["code"]) == (401, "missing_token")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer resource_metadata=")
    assert "error" not in answer.headers["WWW-Authenticate"]


@EVERY
def test_a_token_that_is_none_of_ours_is_refused(client: FlaskClient, operation: Operation, issuer: object) -> None:
    """T19, T21, T22."""
    for token in ("nonsense", "a.b.c", "\xff", issuer.token(aud=NOTIFY_AUDIENCE), issuer.token(iss="https://evil")):
        answer = call(client, operation, f"Bearer {token}")

        assert (answer.status_code, answer.get_json()["code"]) == (401, "invalid_token")
        assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


@EVERY
def test_each_operation_wants_its_own_scope(client: FlaskClient, operation: Operation, issuer: object) -> None:
    """RFC 6750 §3.1: insufficient_scope."""
    others = {ENTITLEMENTS, LICENSES_READ, LICENSES_WRITE, LICENSE} - {operation.scope}

    answer = call(client, operation, f"Bearer {issuer.token(' '.join(sorted(others)))}")

    assert (answer.status_code, answer.get_json()["code"]) == (403, "insufficient_scope")
    assert f'scope="{operation.scope}"' in answer.headers["WWW-Authenticate"]
    good = issuer.device_token(UUID) if operation.scope == LICENSE else issuer.token(operation.scope)
    assert call(client, operation, f"Bearer {good}").status_code not in {401, 403}


@EVERY
def test_without_the_issuers_keys_the_answer_is_503(client: FlaskClient, operation: Operation, issuer: object) -> None:
    """T31, F42: our trouble is not the caller's fault."""
    token = issuer.token()
    issuer.away = True

    answer = call(client, operation, f"Bearer {token}")

    assert (answer.status_code, answer.get_json()["code"]) == (503, "temporarily_unavailable")
    assert int(answer.headers["Retry-After"]) > 0


def test_a_bound_token_opens_with_its_proof_once(client: FlaskClient, issuer: object, clock: object) -> None:
    """RFC 9449 §7, §11.1: the proof names this service's public address, and its use is remembered (T15)."""
    key = DpopKey.generate()
    token = issuer.token(LICENSES_READ, jkt=key.jkt)
    url = f"https://licenses.example/v1/license-keys/{UUID}"
    proof = key.proof("GET", url, datetime.now(UTC), access_token=token)
    headers = {"Authorization": f"DPoP {token}", "DPoP": proof}

    assert client.get(f"/v1/license-keys/{UUID}", headers=headers).status_code == 404
    again = client.get(f"/v1/license-keys/{UUID}", headers=headers)
    assert (again.status_code, again.get_json()["code"]) == (401, "invalid_dpop_proof")
    borne = client.get(f"/v1/license-keys/{UUID}", headers={"Authorization": f"Bearer {token}"})
    assert (borne.status_code, borne.get_json()["code"]) == (401, "invalid_token")
