from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from license_service.domain.license_key import OverCountPolicy

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.testing import FlaskClient

    from database.engine import Database
    from license_service.domain.license_key import LicenseKey

ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11"
OTHER_ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a12"
SIGNED = {"organization_id": ORGANIZATION, "number": "2026-0417", "signed_on": "2026-05-28"}
UNKNOWN = "9f2f3c64-0d8b-4b0e-a5f3-7a1d9a3f5c21"
TERMS = {
    "id_number": "Shops north",
    "profile_code": "standard",
    "components": [{"component_code": "xms", "seats": 5}],
    "renewal_date": "2027-01-31",
    "renewal_window_days": 14,
    "over_count": {"percent": 20, "days": 14},
}
LISTED = f"/v1/license-keys?organization_id={ORGANIZATION}"


@pytest.fixture
def terms(service: FlaskClient) -> dict[str, Any]:
    """Give the body of a request for a key, from an agreement that there is."""
    return {**TERMS, "agreement_id": service.post("/v1/agreements", json=SIGNED).get_json()["id"]}


def test_a_key_is_issued_and_read_where_location_says(service: FlaskClient, terms: dict[str, Any]) -> None:
    """S2-5, S2-15, S3-15, S3-20."""
    issued = service.post("/v1/license-keys", json=terms)

    assert issued.status_code == 201
    key = issued.get_json()
    nobody_sits = {"seats_claimed": 0, "over_count_since": None, "over_count_until": None}
    assert key == {
        **terms,
        "id": key["id"],
        "organization_id": ORGANIZATION,
        "components": [{**terms["components"][0], **nobody_sits}],
        "status": "active",
        "license_status": "Licensed",
        "version": 1,
        "issued_at": "2026-06-01T09:00:00+00:00",
        "replaced_by": None,
    }
    assert issued.headers["Location"] == f"/v1/license-keys/{key['id']}"
    assert service.get(issued.headers["Location"]).get_json() == key


def test_a_perpetual_key_needs_no_renewal_date(service: FlaskClient, terms: dict[str, Any]) -> None:
    """S3-20."""
    named = ("agreement_id", "profile_code", "components")
    least = {name: terms[name] for name in named}

    for body in ({**least, "id_number": "1"}, {**least, "id_number": "2", "renewal_date": None, "over_count": None}):
        key = service.post("/v1/license-keys", json=body).get_json()
        assert (key["renewal_date"], key["renewal_window_days"], key["over_count"]) == (None, 30, None)


@pytest.mark.parametrize(
    ("now", "label"),
    [
        (datetime(2027, 1, 16, 23, 59, tzinfo=UTC), "Licensed"),
        (datetime(2027, 1, 17, tzinfo=UTC), "Requires Renewal"),
        (datetime(2027, 2, 1, tzinfo=UTC), "Expired – Requires Renewal"),
    ],
)
def test_license_status_is_that_of_the_day(
    service: FlaskClient, terms: dict[str, Any], clock: Any, now: datetime, label: str
) -> None:
    """S3-15 … S3-17."""
    service.post("/v1/license-keys", json=terms)
    clock.now = now

    assert [key["license_status"] for key in service.get(LISTED).get_json()["items"]] == [label]


def test_an_over_count_and_its_end_are_shown(
    service: FlaskClient, database: Database, sell: Callable[..., LicenseKey]
) -> None:
    """S1-11."""
    key = sell(database, ORGANIZATION, over_count=OverCountPolicy(100, 14))
    for number in (1, 2):
        service.put(f"/v1/devices/{UNKNOWN[:-1]}{number}/seat", json={"organization_id": ORGANIZATION})

    (component,) = service.get(f"/v1/license-keys/{key.id}").get_json()["components"]

    assert (component["seats"], component["seats_claimed"]) == (1, 2)
    assert component["over_count_since"] == "2026-06-01T09:00:00+00:00"
    assert component["over_count_until"] == "2026-06-15T09:00:00+00:00"


@pytest.mark.parametrize("seats", ["5", "5.0", "5e0", "0.5e1"])
def test_a_whole_number_may_be_written_as_json_allows(service: FlaskClient, terms: dict[str, Any], seats: str) -> None:
    body = json.dumps(terms).replace('"seats": 5', f'"seats": {seats}')

    answer = service.post("/v1/license-keys", data=body, content_type="application/json")

    assert (answer.status_code, answer.get_json()["components"][0]["seats"]) == (201, 5)


def component(**values: Any) -> list[dict[str, Any]]:
    return [{"component_code": "xms", "seats": 5, **values}]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("agreement_id", "o"),
        ("agreement_id", "{0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11}"),
        ("agreement_id", ORGANIZATION + "\n"),
        ("agreement_id", None),
        ("agreement_id", 7),
        ("id_number", ""),
        ("id_number", " Shop 1"),
        ("id_number", "Shop 1\u3000"),
        ("id_number", "Shop\n1"),
        ("id_number", "Shop\x001"),
        ("id_number", "Shop \u202e1"),
        ("id_number", "Shop\u200b1"),
        ("id_number", "\ud800"),
        ("id_number", "x" * 65),
        ("id_number", None),
        ("profile_code", "Standard"),
        ("profile_code", "x" * 65),
        ("components", []),
        ("components", "xms"),
        ("components", component() * 2),
        ("components", component(component_code="x\x00ms")),
        ("components", component(component_code="xms\n")),
        ("components", component(colour="red")),
        ("components", [{"component_code": "xms"}]),
        ("components", [{"component_code": f"c{number}", "seats": 1} for number in range(101)]),
        *(("components", component(seats=value)) for value in (0, -1, 1_000_001, 2**31, 10**400, 1.5, 1e300)),
        *(("components", component(seats=value)) for value in (True, "5", None)),
        ("over_count", {"percent": 20}),
        ("over_count", {"percent": 0, "days": 14}),
        ("over_count", {"percent": 20, "days": 0}),
        ("over_count", {"percent": 101, "days": 14}),
        ("over_count", {"percent": 20, "days": 366}),
        ("over_count", 20),
        ("renewal_date", "2027-02-30"),
        ("renewal_date", "tomorrow"),
        ("renewal_date", 20270131),
        ("renewal_window_days", -1),
        ("renewal_window_days", 3661),
        ("renewal_window_days", "30"),
        ("status", "active"),
        ("id", UNKNOWN),
    ],
)
def test_a_wrong_field_is_named(service: FlaskClient, terms: dict[str, Any], field: str, value: Any) -> None:
    """T45, T49."""
    answer = service.post("/v1/license-keys", json={**terms, field: value})

    assert (answer.status_code, answer.get_json()["code"]) == (422, "invalid_fields")
    assert list(answer.get_json()["errors"]) == [field]
    assert service.get(LISTED).get_json()["items"] == []


def test_all_faults_are_named_at_once(service: FlaskClient) -> None:
    answer = service.post("/v1/license-keys", json={"components": [], "colour": "red"})

    assert set(answer.get_json()["errors"]) == {"agreement_id", "id_number", "profile_code", "components", "colour"}


@pytest.mark.parametrize("label", ["#1", "Filiale Köln-Süd", "दुकान १", "店舗 1", "x" * 64])
def test_an_id_number_is_what_people_write(service: FlaskClient, terms: dict[str, Any], label: str) -> None:
    """S2-22."""
    assert service.post("/v1/license-keys", json={**terms, "id_number": label}).get_json()["id_number"] == label


@pytest.mark.parametrize(
    ("field", "value", "status", "code"),
    [
        ("agreement_id", UNKNOWN, 404, "agreement_not_found"),
        ("profile_code", "golden", 409, "unknown_profile"),
        ("components", component(component_code="kds"), 409, "unknown_component"),
        ("id_number", "Taken", 409, "id_number_taken"),
    ],
)
def test_what_stands_against_a_key_is_told(
    service: FlaskClient, terms: dict[str, Any], field: str, value: Any, status: int, code: str
) -> None:
    service.post("/v1/license-keys", json={**terms, "id_number": "Taken"})

    answer = service.post("/v1/license-keys", json={**terms, field: value})

    assert (answer.status_code, answer.get_json()["code"]) == (status, code)


def test_keys_are_listed_by_organization(
    service: FlaskClient, database: Database, sell: Callable[..., LicenseKey]
) -> None:
    """T44."""
    first, _, last = (sell(database, organization) for organization in (ORGANIZATION, OTHER_ORGANIZATION, ORGANIZATION))

    assert [key["id"] for key in service.get(LISTED).get_json()["items"]] == [first.id, last.id]


def test_an_unknown_key_is_not_found(service: FlaskClient) -> None:
    answer = service.get(f"/v1/license-keys/{UNKNOWN}")

    assert (answer.status_code, answer.get_json()["code"]) == (404, "license_key_not_found")
