from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.testing import FlaskClient

    from database.engine import Database
    from license_service.domain.license_key import LicenseKey

ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11"
DEVICE = "5d1c9f3e-8a52-4e0c-9a76-3c1f0c2b7d10"
UNKNOWN = "9f2f3c64-0d8b-4b0e-a5f3-7a1d9a3f5c21"
ONE_SEAT = {"profile_code": "standard", "components": [{"component_code": "xms", "seats": 1}]}
NEW_TERMS = {"id_number": "New", **ONE_SEAT}


@pytest.fixture
def key(database: Database, sell: Callable[..., LicenseKey], clock: object) -> LicenseKey:
    """Give a key of two seats until the end of January."""
    return sell(database, ORGANIZATION, seats=2, renewal_date=date(2027, 1, 31))


@pytest.fixture
def change(service: FlaskClient, key: LicenseKey) -> Callable[..., tuple[int, dict[str, Any]]]:
    """Give a function that asks for a change of the key and gives status and document."""

    def ask(verb: str, body: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
        path = f"/v1/license-keys/{key.id}"
        present = {"If-Match": service.get(path).headers["ETag"]}
        answer = service.post(f"{path}/{verb}", json=body, headers=present)
        return answer.status_code, answer.get_json()

    return ask


def test_the_id_number_is_edited(service: FlaskClient, key: LicenseKey) -> None:
    """S2-17."""
    path = f"/v1/license-keys/{key.id}"

    edited = service.patch(path, json={"id_number": "Shops south"}, headers={"If-Match": '"1"'})

    assert edited.status_code == 200
    assert (edited.get_json()["id_number"], edited.get_json()["version"]) == ("Shops south", 2)
    read = service.get(path)
    assert (read.get_json(), read.headers["ETag"]) == (edited.get_json(), edited.headers["ETag"])


def test_who_has_seen_an_older_version_changes_nothing(service: FlaskClient, key: LicenseKey) -> None:
    """RFC 9110 §13.1.1: and is told the present one."""
    path = f"/v1/license-keys/{key.id}"
    seen = {"If-Match": service.get(path).headers["ETag"]}
    service.post(f"{path}/suspend", headers=seen)

    for late in (
        service.patch(path, json={"id_number": "Shops south"}, headers=seen),
        *(service.post(f"{path}/{verb}", headers=seen) for verb in ("suspend", "reinstate", "revoke")),
        service.post(f"{path}/renew", json={"renewal_date": None}, headers=seen),
        service.post(f"{path}/switch", json=ONE_SEAT, headers=seen),
        service.post(f"{path}/replace", json=NEW_TERMS, headers=seen),
    ):
        assert (late.status_code, late.get_json()["code"]) == (412, "precondition_failed")
        assert late.headers["ETag"] == '"2"'
    assert service.get(path).get_json()["version"] == 2


def test_a_repeated_change_is_answered_the_same_though_the_version_has_moved_on(
    service: FlaskClient, key: LicenseKey
) -> None:
    """F47: the key of the request is looked at before the version of the record."""
    asked = {"If-Match": '"1"', "Idempotency-Key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}

    first, again = (service.post(f"/v1/license-keys/{key.id}/suspend", headers=asked) for _ in range(2))

    assert (first.status_code, again.status_code) == (200, 200)
    assert again.data == first.data
    assert again.headers["ETag"] == first.headers["ETag"]


def test_nothing_but_the_id_number_is_edited(service: FlaskClient, key: LicenseKey) -> None:
    """S2-17."""
    body = {"id_number": "Shops south", "renewal_date": None}

    answer = service.patch(f"/v1/license-keys/{key.id}", json=body)

    assert (answer.status_code, list(answer.get_json()["errors"])) == (422, ["renewal_date"])


def test_a_key_is_suspended_reinstated_and_revoked(change: Callable[..., tuple[int, dict[str, Any]]]) -> None:
    statuses = [change(verb)[1]["status"] for verb in ("suspend", "reinstate", "suspend", "revoke")]

    assert statuses == ["suspended", "active", "suspended", "revoked"]


def test_a_device_on_a_suspended_key_is_refused(service: FlaskClient, change: Callable[..., Any]) -> None:
    service.put(f"/v1/devices/{DEVICE}/seat", json={"organization_id": ORGANIZATION})
    change("suspend")

    answer = service.get(f"/v1/devices/{DEVICE}/entitlement?organization_id={ORGANIZATION}")

    assert (answer.status_code, answer.get_json()["code"]) == (409, "license_suspended")


def test_a_key_is_renewed(change: Callable[..., tuple[int, dict[str, Any]]]) -> None:
    """S3-16: to a later day, or for ever."""
    assert change("renew", {"renewal_date": "2028-01-31"})[1]["renewal_date"] == "2028-01-31"
    assert change("renew", {"renewal_date": None})[1]["renewal_date"] is None


def test_a_key_is_switched(change: Callable[..., tuple[int, dict[str, Any]]]) -> None:
    """S2-6."""
    status, key = change("switch", ONE_SEAT)

    assert (status, [each["seats"] for each in key["components"]]) == (200, [1])


def test_a_key_is_replaced_by_one_that_is_read_where_location_says(service: FlaskClient, key: LicenseKey) -> None:
    """S2-24, S3-17."""
    service.put(f"/v1/devices/{DEVICE}/seat", json={"organization_id": ORGANIZATION})

    answer = service.post(f"/v1/license-keys/{key.id}/replace", json=NEW_TERMS, headers={"If-Match": '"1"'})

    new = answer.get_json()
    assert answer.status_code == 201
    assert service.get(answer.headers["Location"]).get_json() == new
    assert (new["id_number"], new["components"][0]["seats_claimed"]) == ("New", 1)
    assert service.get(f"/v1/license-keys/{key.id}").get_json()["replaced_by"] == new["id"]


@pytest.mark.parametrize(
    ("verb", "body", "code"),
    [
        ("reinstate", None, "wrong_key_status"),
        ("renew", {"renewal_date": "2027-01-31"}, "renewal_date_not_later"),
        ("switch", {**ONE_SEAT, "profile_code": "golden"}, "unknown_profile"),
        ("switch", {**ONE_SEAT, "components": [{"component_code": "kds", "seats": 1}]}, "unknown_component"),
        ("switch", ONE_SEAT, "seats_in_use"),
        ("replace", NEW_TERMS, "seats_in_use"),
    ],
)
def test_what_stands_against_a_change_is_told(
    service: FlaskClient, change: Callable[..., Any], verb: str, body: dict[str, Any] | None, code: str
) -> None:
    for number in (1, 2):
        service.put(f"/v1/devices/{DEVICE[:-1]}{number}/seat", json={"organization_id": ORGANIZATION})

    status, problem = change(verb, body)

    assert (status, problem["code"]) == (409, code)


def test_a_key_that_has_ended_is_replaced_and_not_renewed(clock: Any, change: Callable[..., Any]) -> None:
    """S3-17."""
    clock.now = clock.now.replace(year=2027, month=2)

    assert change("renew", {"renewal_date": "2028-01-31"})[1]["code"] == "key_ended"
    assert change("replace", NEW_TERMS)[0] == 201


@pytest.mark.parametrize(
    ("verb", "body"),
    [
        ("suspend", None),
        ("reinstate", None),
        ("revoke", None),
        ("renew", {"renewal_date": None}),
        ("switch", ONE_SEAT),
        ("replace", NEW_TERMS),
    ],
)
def test_a_key_that_there_is_not_is_not_changed(service: FlaskClient, verb: str, body: dict[str, Any] | None) -> None:
    answer = service.post(f"/v1/license-keys/{UNKNOWN}/{verb}", json=body, headers={"If-Match": '"1"'})

    assert (answer.status_code, answer.get_json()["code"]) == (404, "license_key_not_found")


@pytest.mark.parametrize(
    ("verb", "body", "field"),
    [
        ("renew", {}, "renewal_date"),
        ("renew", {"renewal_date": "soon"}, "renewal_date"),
        ("switch", {**ONE_SEAT, "components": []}, "components"),
        ("switch", {**ONE_SEAT, "id_number": "New"}, "id_number"),
        ("replace", {**NEW_TERMS, "agreement_id": UNKNOWN}, "agreement_id"),
    ],
)
def test_a_wrong_field_is_named(change: Callable[..., Any], verb: str, body: dict[str, Any], field: str) -> None:
    """T45, T49."""
    status, problem = change(verb, body)

    assert (status, list(problem["errors"])) == (422, [field])
