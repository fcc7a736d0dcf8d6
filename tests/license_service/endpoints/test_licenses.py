from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.testing import FlaskClient

    from database.engine import Database
    from license_service.domain.license import License

ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11"
OTHER_ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a12"
TERMS = {
    "organization_id": ORGANIZATION,
    "features": ["xms"],
    "seats": 5,
    "renewal_date": "2027-01-31",
    "renewal_window_days": 14,
}


def test_a_license_is_recorded_and_read_where_location_says(service: FlaskClient) -> None:
    """S3-20, S3-21."""
    created = service.post("/v1/licenses", json=TERMS)

    assert created.status_code == 201
    record = created.get_json()
    assert {name: record[name] for name in TERMS} == TERMS
    assert (record["seats_claimed"], record["created_at"]) == (0, "2026-06-01T09:00:00+00:00")
    assert created.headers["Location"] == f"/v1/licenses/{record['id']}"
    assert service.get(created.headers["Location"]).get_json() == record


def test_a_perpetual_license_needs_no_renewal_date(service: FlaskClient) -> None:
    """S3-20."""
    terms = {"organization_id": ORGANIZATION, "features": ["xms"], "seats": 1}

    for body in (terms, {**terms, "renewal_date": None}):
        record = service.post("/v1/licenses", json=body).get_json()
        assert (record["renewal_date"], record["renewal_window_days"]) == (None, 30)


@pytest.mark.parametrize("seats", ["5", "5.0", "5e0", "0.5e1"])
def test_a_whole_number_may_be_written_as_json_allows(service: FlaskClient, seats: str) -> None:
    body = f'{{"organization_id": "{ORGANIZATION}", "features": ["xms"], "seats": {seats}}}'

    answer = service.post("/v1/licenses", data=body, content_type="application/json")

    assert (answer.status_code, answer.get_json()["seats"]) == (201, 5)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("organization_id", "o"),
        ("organization_id", "{0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11}"),
        ("organization_id", ORGANIZATION + "\n"),
        ("organization_id", None),
        ("organization_id", 7),
        ("features", []),
        ("features", "xms"),
        ("features", ["xms", "xms"]),
        ("features", ["x\x00ms"]),
        ("features", ["xms\n"]),
        ("features", ["\ud800"]),
        ("features", ["x" * 65]),
        ("features", [7]),
        ("features", [f"f{number}" for number in range(33)]),
        ("seats", 0),
        ("seats", -1),
        ("seats", 1_000_001),
        ("seats", 2**31),
        ("seats", 10**400),
        ("seats", 1.5),
        ("seats", 1e300),
        ("seats", True),
        ("seats", "5"),
        ("seats", None),
        ("renewal_date", "2027-02-30"),
        ("renewal_date", "tomorrow"),
        ("renewal_date", 20270131),
        ("renewal_window_days", -1),
        ("renewal_window_days", 3661),
        ("renewal_window_days", "30"),
        ("seats_claimed", 3),
        ("id", "9f2f3c64-0d8b-4b0e-a5f3-7a1d9a3f5c21"),
    ],
)
def test_a_wrong_field_is_named(service: FlaskClient, field: str, value: Any) -> None:
    """T45, T49."""
    answer = service.post("/v1/licenses", json={**TERMS, field: value})

    assert (answer.status_code, answer.get_json()["code"]) == (422, "invalid_fields")
    assert list(answer.get_json()["errors"]) == [field]
    assert service.get(f"/v1/licenses?organization_id={ORGANIZATION}").get_json() == {"licenses": []}


def test_all_faults_are_named_at_once(service: FlaskClient) -> None:
    answer = service.post("/v1/licenses", json={"seats": 0, "colour": "red"})

    assert set(answer.get_json()["errors"]) == {"organization_id", "features", "seats", "colour"}


def test_licenses_are_listed_by_organization(
    service: FlaskClient, database: Database, sell: Callable[..., License]
) -> None:
    """T44."""
    first, _, last = (sell(database, organization) for organization in (ORGANIZATION, OTHER_ORGANIZATION, ORGANIZATION))

    answer = service.get(f"/v1/licenses?organization_id={ORGANIZATION}")

    assert [record["id"] for record in answer.get_json()["licenses"]] == [first.id, last.id]


def test_an_unknown_license_is_not_found(service: FlaskClient) -> None:
    answer = service.get("/v1/licenses/9f2f3c64-0d8b-4b0e-a5f3-7a1d9a3f5c21")

    assert (answer.status_code, answer.get_json()["code"]) == (404, "license_not_found")
