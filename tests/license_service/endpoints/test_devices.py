from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from database.engine import Database
from license_service.app import create_app
from wire.entitlement import Entitlement
from wire.license_documents import EntitlementSchema

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest
    from flask.testing import FlaskClient

    from license_service.domain.license_key import LicenseKey
    from license_service.settings import Settings
    from license_service.wiring import Wired

DEVICE = "5d1c9f3e-8a52-4e0c-9a76-3c1f0c2b7d10"
OTHER_DEVICE = "5d1c9f3e-8a52-4e0c-9a76-3c1f0c2b7d11"
ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11"
OTHER_ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a12"
SEAT = f"/v1/devices/{DEVICE}/seat"
ENTITLEMENT = f"/v1/devices/{DEVICE}/entitlement?organization_id={ORGANIZATION}"


def test_a_claim_states_the_entitlement(
    service: FlaskClient, database: Database, sell: Callable[..., LicenseKey], clock: object
) -> None:
    """S3-20, S3-21."""
    sold = sell(database, ORGANIZATION, renewal_date=date(2027, 1, 31), renewal_window_days=14)

    answer = service.put(SEAT, json={"organization_id": ORGANIZATION})

    assert answer.status_code == 200
    assert EntitlementSchema().load(answer.get_json()) == Entitlement(
        device_id=DEVICE,
        organization_id=ORGANIZATION,
        license_id=sold.id,
        features=("xms",),
        renewal_window_days=14,
        renewal_date=date(2027, 1, 31),
        stated_at=clock(),
    )


def test_a_claim_may_be_repeated(service: FlaskClient, database: Database, sell: Callable[..., LicenseKey]) -> None:
    """F47."""
    sell(database, ORGANIZATION, seats=1)

    first, again = (service.put(SEAT, json={"organization_id": ORGANIZATION}) for _ in range(2))

    assert (first.status_code, again.status_code) == (200, 200)
    assert first.get_json() == again.get_json()


def test_a_device_is_the_same_in_either_case_of_its_id(
    service: FlaskClient, database: Database, sell: Callable[..., LicenseKey]
) -> None:
    sell(database, ORGANIZATION, seats=1)
    service.put(SEAT, json={"organization_id": ORGANIZATION})

    answer = service.put(SEAT.replace(DEVICE, DEVICE.upper()), json={"organization_id": ORGANIZATION.upper()})

    assert answer.status_code == 200
    assert answer.get_json()["device_id"] == DEVICE


def test_without_a_license_the_claim_is_not_found(service: FlaskClient) -> None:
    answer = service.put(SEAT, json={"organization_id": ORGANIZATION})

    assert (answer.status_code, answer.get_json()["code"]) == (404, "no_license")
    assert answer.content_type == "application/problem+json"


def test_without_a_free_seat_the_claim_is_a_conflict(
    service: FlaskClient, database: Database, sell: Callable[..., LicenseKey]
) -> None:
    """T59."""
    sell(database, ORGANIZATION, seats=1)
    service.put(SEAT.replace(DEVICE, OTHER_DEVICE), json={"organization_id": ORGANIZATION})

    answer = service.put(SEAT, json={"organization_id": ORGANIZATION})

    assert (answer.status_code, answer.get_json()["code"]) == (409, "no_seat_free")


def test_a_claim_on_an_expired_license_is_a_conflict(
    service: FlaskClient, database: Database, sell: Callable[..., LicenseKey]
) -> None:
    """S3-17."""
    sell(database, ORGANIZATION, renewal_date=date(2026, 5, 31))

    answer = service.put(SEAT, json={"organization_id": ORGANIZATION})

    assert (answer.status_code, answer.get_json()["code"]) == (409, "license_expired")


def test_a_device_of_another_organization_is_a_conflict_that_names_nobody(
    service: FlaskClient, database: Database, sell: Callable[..., LicenseKey]
) -> None:
    """T44."""
    elsewhere = sell(database, OTHER_ORGANIZATION)
    sell(database, ORGANIZATION)
    service.put(SEAT, json={"organization_id": OTHER_ORGANIZATION})

    answer = service.put(SEAT, json={"organization_id": ORGANIZATION})

    assert (answer.status_code, answer.get_json()["code"]) == (409, "device_refused")
    assert OTHER_ORGANIZATION not in answer.text
    assert elsewhere.id not in answer.text


def test_the_entitlement_is_read(service: FlaskClient, database: Database, sell: Callable[..., LicenseKey]) -> None:
    """S3-20: a perpetual license has no renewal date."""
    sell(database, ORGANIZATION)
    claimed = service.put(SEAT, json={"organization_id": ORGANIZATION})

    answer = service.get(ENTITLEMENT)

    assert answer.status_code == 200
    assert answer.get_json() == claimed.get_json()
    assert answer.get_json()["renewal_date"] is None
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_entitlement_of_an_expired_license_is_still_stated(
    service: FlaskClient, database: Database, sell: Callable[..., LicenseKey], clock: object
) -> None:
    """S3-17: the POS server shows from the date that it has expired."""
    sell(database, ORGANIZATION, renewal_date=date(2026, 6, 1))
    service.put(SEAT, json={"organization_id": ORGANIZATION})
    clock.now += timedelta(days=40)

    answer = service.get(ENTITLEMENT)

    assert answer.status_code == 200
    assert answer.get_json()["renewal_date"] == "2026-06-01"


def test_a_seat_elsewhere_is_answered_as_no_seat_at_all(
    service: FlaskClient, database: Database, sell: Callable[..., LicenseKey]
) -> None:
    """T44: byte for byte."""
    sell(database, OTHER_ORGANIZATION)
    nobodys = service.get(ENTITLEMENT)
    service.put(SEAT, json={"organization_id": OTHER_ORGANIZATION})

    answer = service.get(ENTITLEMENT)

    assert (answer.status_code, answer.get_json()["code"]) == (404, "no_seat")
    assert answer.data == nobodys.data


def test_a_locked_database_is_503_and_nothing_is_done(
    settings: Settings, wired: Wired, issuer: object, sell: Callable[..., LicenseKey], monkeypatch: pytest.MonkeyPatch
) -> None:
    """F27: reads go on."""
    # SQLite gives up at once instead of after 5 seconds.
    monkeypatch.setattr("database.connections.BUSY_TIMEOUT_SECONDS", 0)
    impatient = Database(settings.database_url)
    service = create_app(settings, replace(wired, database=impatient)).test_client()
    headers = {"Authorization": f"Bearer {issuer.token()}"}
    sell(wired.database, ORGANIZATION)

    with wired.database.transaction():
        answer = service.put(SEAT, json={"organization_id": ORGANIZATION}, headers=headers)
        reading = service.get(ENTITLEMENT, headers=headers)

    assert (answer.status_code, answer.get_json()["code"]) == (503, "temporarily_unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert reading.get_json()["code"] == "no_seat"
    assert service.get(ENTITLEMENT, headers=headers).get_json()["code"] == "no_seat"
    impatient.close()
