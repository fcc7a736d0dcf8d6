"""Check-ins over HTTP: who may, what is refused, and what comes back (S1-9 … S1-11)."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from license_service.actions.claim_seat import claim_seat
from license_service.actions.create_signing_key import create_signing_key
from license_service.endpoints.signing_keys import JWKS_PATH
from tests.license_service.conftest import NOW
from wire.check_in import CHECK_IN_PATH, MOST_REGISTERS, CheckInReport, Register
from wire.check_in_documents import CheckInAnswerSchema
from wire.dpop_key import DpopKey
from wire.jwks import read_jwks
from wire.scopes import LICENSE
from wire.server_time import read_server_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.testing import FlaskClient

    from database.engine import Database
    from license_service.domain.license_key import LicenseKey
    from license_service.wiring import Wired

DEVICE = "5d1c9f3e-8a52-4e0c-9a76-3c1f0c2b7d10"
ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11"
OTHER_ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a12"
REPORT = CheckInReport("1.4.0", NOW - timedelta(seconds=3), {"xms": 1}, (Register("till-1", "Till 1"),))
CONTACT = f"/v1/devices/{DEVICE}/contact"


@pytest.fixture(autouse=True)
def seated(wired: Wired, database: Database, sell: Callable[..., LicenseKey]) -> LicenseKey:
    """Give the key that the device sits on."""
    if wired.signing_keys.read().current is None:
        create_signing_key(wired.signing_keys, now=NOW)
    key = sell(database, ORGANIZATION, seats=1)
    claim_seat(database, device_id=DEVICE, organization_id=ORGANIZATION, now=NOW - timedelta(days=6))
    return key


@pytest.fixture
def device(client: FlaskClient, issuer: object) -> FlaskClient:
    """Give a client that sends the device's token."""
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {issuer.device_token(ORGANIZATION)}"
    return client


def test_a_device_checks_in(device: FlaskClient, seated: LicenseKey) -> None:
    """S1-9, S1-10: and the time is verified with what the service publishes."""
    answer = device.post(CHECK_IN_PATH, json=REPORT.document())

    assert answer.status_code == 200
    read = CheckInAnswerSchema().load(answer.get_json())
    assert (read.device_id, read.license_id) == (DEVICE, seated.id)
    assert 23 * 3600 <= read.next_check_in_after <= 25 * 3600
    keys = read_jwks(device.get(JWKS_PATH).get_json())
    source: Any = type("Pinned", (), {"key": staticmethod(keys.get)})
    asked = {"issuer": "https://licenses.example", "device_id": DEVICE, "device_time": REPORT.device_time}
    assert read_server_time(read.server_time, source, **asked) == NOW


def test_a_check_in_is_seen_in_the_contact(device: FlaskClient, service: FlaskClient) -> None:
    """S1-6: until then it is warned."""
    before = service.get(CONTACT).get_json()
    device.post(CHECK_IN_PATH, json=REPORT.document())
    after = service.get(CONTACT).get_json()

    assert (before["state"], before["software_version"]) == ("warned", None)
    assert (after["state"], after["last_contact_at"]) == ("in_contact", NOW.isoformat())
    assert after["deactivated_at"] == (NOW + timedelta(days=8)).isoformat()
    assert (after["clock_skew_seconds"], after["registers"]) == (-3, [{"id": "till-1", "name": "Till 1"}])
    assert after["components"][0]["outcome"] == "ok"


def test_an_over_count_is_seen_by_the_site_and_by_the_vendor(device: FlaskClient, service: FlaskClient) -> None:
    """S1-11."""
    over = {**REPORT.document(), "seats_in_use": [{"component_code": "xms", "seats": 2}]}

    told = device.post(CHECK_IN_PATH, json=over).get_json()["components"]

    assert told == service.get(CONTACT).get_json()["components"] == device.get(CONTACT).get_json()["components"]
    assert told == [
        {
            "component_code": "xms",
            "seats_owned": 1,
            "seats_in_use": 2,
            "outcome": "over_refused",
            "over_count_since": NOW.isoformat(),
            "over_count_until": None,
        }
    ]


def test_contacts_are_listed(device: FlaskClient, service: FlaskClient) -> None:
    listed = service.get(f"/v1/contacts?organization_id={ORGANIZATION}&state=warned").get_json()
    elsewhere = service.get(f"/v1/contacts?organization_id={OTHER_ORGANIZATION}").get_json()

    assert [item["device_id"] for item in listed["items"]] == [DEVICE]
    assert listed["next_cursor"] is None
    assert elsewhere["items"] == []
    assert service.get("/v1/contacts?state=asleep").get_json()["errors"].keys() == {"state"}
    assert device.get("/v1/contacts").status_code == 403


def test_a_repeated_check_in_is_answered_with_the_same(device: FlaskClient) -> None:
    """F47."""
    headers = {"Idempotency-Key": str(uuid.uuid4())}

    first, again = (device.post(CHECK_IN_PATH, json=REPORT.document(), headers=headers) for _ in range(2))

    assert (first.status_code, again.headers["Idempotent-Replayed"]) == (200, "true")
    assert first.get_json() == again.get_json()


def test_another_organizations_device_is_not_there(client: FlaskClient, issuer: object) -> None:
    """T44: byte for byte what a device without a seat is told."""
    tokens = (issuer.device_token(OTHER_ORGANIZATION), issuer.device_token(ORGANIZATION, str(uuid.uuid4())))
    headers = [{"Authorization": f"Bearer {token}"} for token in tokens]

    elsewhere, nowhere = (client.post(CHECK_IN_PATH, json=REPORT.document(), headers=each) for each in headers)
    contact = client.get(CONTACT, headers=headers[0])

    assert (elsewhere.status_code, elsewhere.get_json()["code"]) == (404, "no_seat")
    assert elsewhere.data == nowhere.data == contact.data


def test_a_bound_token_checks_in_with_its_proof(client: FlaskClient, issuer: object) -> None:
    """T15: without one it opens nothing."""
    key = DpopKey.generate()
    token = issuer.token(LICENSE, sub=DEVICE, client_id="tillpass-pos", organization_id=ORGANIZATION, jkt=key.jkt)
    url = f"https://licenses.example{CHECK_IN_PATH}"
    proof = key.proof("POST", url, datetime.now(UTC), access_token=token)

    proved = client.post(
        CHECK_IN_PATH, json=REPORT.document(), headers={"Authorization": f"DPoP {token}", "DPoP": proof}
    )
    borne = client.post(CHECK_IN_PATH, json=REPORT.document(), headers={"Authorization": f"Bearer {token}"})

    assert (proved.status_code, borne.status_code) == (200, 401)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("software_version", ""),
        ("software_version", "1.4.0\n"),
        ("device_time", "yesterday"),
        ("device_time", "2026-06-01T09:00:00"),
        ("seats_in_use", [{"component_code": "xms", "seats": -1}]),
        ("seats_in_use", [{"component_code": "xms", "seats": 1}] * 2),
        ("seats_in_use", [{"component_code": f"c{n}", "seats": 1} for n in range(101)]),
        ("seats_in_use", None),
        ("registers", [{"id": "till-1", "name": "Till 1"}] * 2),
        ("registers", [{"id": f"{n}", "name": "Till"} for n in range(MOST_REGISTERS + 1)]),
        ("registers", [{"id": "till-1", "name": "Till\u202e 1"}]),
        ("organization_id", OTHER_ORGANIZATION),
    ],
)
def test_what_is_wrong_is_named(device: FlaskClient, field: str, value: object) -> None:
    """T45: the organization is the token's, and nobody says another."""
    answer = device.post(CHECK_IN_PATH, json={**REPORT.document(), field: value})

    assert (answer.status_code, answer.get_json()["errors"].keys()) == (422, {field})


@pytest.mark.parametrize("year", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_a_clock_at_the_ends_of_time_is_taken(device: FlaskClient, service: FlaskClient, year: str) -> None:
    answer = device.post(CHECK_IN_PATH, json={**REPORT.document(), "device_time": year})

    assert answer.status_code == 200
    assert abs(service.get(CONTACT).get_json()["clock_skew_seconds"]) > 10**10
