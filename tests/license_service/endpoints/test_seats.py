from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.testing import FlaskClient

    from database.engine import Database
    from license_service.domain.license_key import LicenseKey

ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11"
OTHER_ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a12"
OLD = "5d1c9f3e-8a52-4e0c-9a76-3c1f0c2b7d09"
NEW = "5d1c9f3e-8a52-4e0c-9a76-3c1f0c2b7d10"
TRANSFER = {"organization_id": ORGANIZATION, "device_id": OLD, "to_device_id": NEW}


@pytest.fixture
def key(service: FlaskClient, database: Database, sell: Callable[..., LicenseKey]) -> LicenseKey:
    """Give a key of one seat, on which the old device sits."""
    sold = sell(database, ORGANIZATION, seats=1)
    service.put(f"/v1/devices/{OLD}/seat", json={"organization_id": ORGANIZATION})
    return sold


def test_who_sits_on_a_key_is_listed(service: FlaskClient, key: LicenseKey) -> None:
    assert service.get(f"/v1/license-keys/{key.id}/seats").get_json()["items"] == [
        {
            "device_id": OLD,
            "key_id": key.id,
            "organization_id": ORGANIZATION,
            "component_code": "xms",
            "claimed_at": "2026-06-01T09:00:00+00:00",
        }
    ]
    assert service.get(f"/v1/license-keys/{OLD}/seats").get_json()["code"] == "license_key_not_found"


def test_a_seat_is_transferred(service: FlaskClient, key: LicenseKey) -> None:
    answer = service.post("/v1/seat-transfers", json=TRANSFER)

    assert (answer.status_code, answer.get_json()["device_id"]) == (200, NEW)
    again = service.post("/v1/seat-transfers", json=TRANSFER)
    assert (again.status_code, again.get_json()["code"]) == (404, "no_seat")


def test_a_device_that_sits_takes_over_no_seat(service: FlaskClient, key: LicenseKey) -> None:
    answer = service.post("/v1/seat-transfers", json={**TRANSFER, "device_id": OLD, "to_device_id": OLD})
    assert answer.status_code == 200

    service.post(f"/v1/license-keys/{key.id}/switch", json=two_seats(), headers={"If-Match": '"1"'})
    service.put(f"/v1/devices/{NEW}/seat", json={"organization_id": ORGANIZATION})
    refused = service.post("/v1/seat-transfers", json=TRANSFER)

    assert (refused.status_code, refused.get_json()["code"]) == (409, "device_seated")


def two_seats() -> dict[str, object]:
    return {"profile_code": "standard", "components": [{"component_code": "xms", "seats": 2}]}


def test_a_seat_is_released(service: FlaskClient, key: LicenseKey) -> None:
    path = f"/v1/devices/{OLD}/seat?organization_id="

    elsewhere = service.delete(path + OTHER_ORGANIZATION)
    released = service.delete(path + ORGANIZATION)
    again = service.delete(path + ORGANIZATION)

    assert [answer.status_code for answer in (elsewhere, released, again)] == [404, 204, 404]
    assert elsewhere.get_json()["code"] == again.get_json()["code"] == "no_seat"
    assert service.put(f"/v1/devices/{NEW}/seat", json={"organization_id": ORGANIZATION}).status_code == 200


@pytest.mark.parametrize("field", ["organization_id", "device_id", "to_device_id"])
def test_a_wrong_field_is_named(service: FlaskClient, field: str) -> None:
    """T45, T49."""
    answer = service.post("/v1/seat-transfers", json={**TRANSFER, field: "x"})

    assert (answer.status_code, list(answer.get_json()["errors"])) == (422, [field])
