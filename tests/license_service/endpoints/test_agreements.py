from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from flask.testing import FlaskClient

ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11"
SIGNED = {"organization_id": ORGANIZATION, "number": "2026-0417", "signed_on": "2026-05-28"}
LISTED = f"/v1/agreements?organization_id={ORGANIZATION}"


def test_an_agreement_is_recorded_and_read_where_location_says(service: FlaskClient) -> None:
    """S2-5."""
    recorded = service.post("/v1/agreements", json=SIGNED)

    agreement = recorded.get_json()
    assert recorded.status_code == 201
    assert agreement == {**SIGNED, "id": agreement["id"], "created_at": "2026-06-01T09:00:00+00:00"}
    assert recorded.headers["Location"] == f"/v1/agreements/{agreement['id']}"
    assert service.get(recorded.headers["Location"]).get_json() == agreement
    assert service.get(LISTED).get_json()["items"] == [agreement]


def test_a_number_that_is_taken_is_a_conflict(service: FlaskClient) -> None:
    service.post("/v1/agreements", json=SIGNED)

    answer = service.post("/v1/agreements", json=SIGNED)

    assert (answer.status_code, answer.get_json()["code"]) == (409, "agreement_number_taken")


@pytest.mark.parametrize(
    ("field", "value"),
    [("organization_id", "x"), ("number", "\x00"), ("number", ""), ("signed_on", "2026-02-30"), ("id", ORGANIZATION)],
)
def test_a_wrong_field_is_named(service: FlaskClient, field: str, value: Any) -> None:
    """T45, T49."""
    answer = service.post("/v1/agreements", json={**SIGNED, field: value})

    assert (answer.status_code, list(answer.get_json()["errors"])) == (422, [field])
    assert service.get(LISTED).get_json()["items"] == []
