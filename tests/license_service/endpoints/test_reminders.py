"""The reads that reminders are made of, as whoever sends them reads them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from license_service.actions.claim_seat import claim_seat
from tests.license_service.conftest import NOW, new_id
from wire.calendar_documents import DueRenewalSchema, LicenseCountsSchema, MissingContactSchema
from wire.calendar_records import DueRenewal, LicenseCounts, MissingContact

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.testing import FlaskClient

    from database.engine import Database
    from license_service.domain.license_key import LicenseKey

ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11"
DAY = timedelta(days=1)


def test_a_due_renewal_is_read_by_its_schema_at_the_other_end(
    service: FlaskClient, database: Database, sell: Callable[..., LicenseKey]
) -> None:
    key = sell(database, ORGANIZATION, renewal_date=date(2026, 6, 15))

    page = service.get("/v1/due-renewals?within_days=14").get_json()

    assert [DueRenewalSchema().load(item) for item in page["items"]] == [
        DueRenewal(key.id, ORGANIZATION, key.id_number, date(2026, 6, 15), key.issued_at)
    ]
    assert page["next_cursor"] is None
    assert service.get("/v1/due-renewals?within_days=13").get_json()["items"] == []


def test_pages_of_due_renewals_lead_on_by_their_cursor(
    service: FlaskClient, database: Database, sell: Callable[..., LicenseKey]
) -> None:
    sold = [sell(database, ORGANIZATION, renewal_date=(NOW + days * DAY).date()).id for days in (1, 2, 3)]
    first = service.get("/v1/due-renewals?limit=2").get_json()

    second = service.get(f"/v1/due-renewals?limit=2&cursor={first['next_cursor']}").get_json()

    assert [item["key_id"] for item in first["items"] + second["items"]] == sold
    assert second["next_cursor"] is None


def test_a_missing_contact_and_the_numbers_are_read_by_their_schemas(
    service: FlaskClient, database: Database, sell: Callable[..., LicenseKey]
) -> None:
    sell(database, ORGANIZATION)
    device_id = new_id()
    claim_seat(database, device_id=device_id, organization_id=ORGANIZATION, now=NOW - 9 * DAY)

    (item,) = service.get("/v1/missing-contacts").get_json()["items"]

    assert MissingContactSchema().load(item) == MissingContact(device_id, ORGANIZATION, NOW - 9 * DAY)
    assert LicenseCountsSchema().load(service.get("/v1/license-counts").get_json()) == LicenseCounts(0, 0, 1, 0)
    assert service.get("/v1/over-counts").get_json() == {"items": [], "next_cursor": None}


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/v1/due-renewals?within_days=-1", "within_days"),
        ("/v1/due-renewals?within_days=3661", "within_days"),
        ("/v1/due-renewals?expired_within_days=x", "expired_within_days"),
        ("/v1/due-renewals?cursor=MjAyNi0wNi0wMVQwOTowMDowMCswMDowMC94", "cursor"),
        ("/v1/missing-contacts?at_least_days=99999999999", "at_least_days"),
        ("/v1/missing-contacts?at_most=3", "at_most"),
        ("/v1/over-counts?cursor=eA", "cursor"),
    ],
)
def test_a_parameter_that_is_wrong_is_named(service: FlaskClient, path: str, name: str) -> None:
    """T45, T49."""
    answer: Any = service.get(path)

    assert (answer.status_code, list(answer.get_json()["errors"])) == (422, [name])
