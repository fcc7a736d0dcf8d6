"""Every list is given a page at a time (cursor pagination), and shows each record once."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask.testing import FlaskClient

    from database.engine import Database
    from license_service.domain.license_key import LicenseKey

ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11"
OTHER_ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a12"
KEYS = "/v1/license-keys"


def encoded(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def walk(service: FlaskClient, path: str, **query: Any) -> Iterator[list[dict[str, Any]]]:
    """Give page after page."""
    while True:
        page = service.get(path, query_string=query).get_json()
        yield page["items"]
        if page["next_cursor"] is None:
            return
        query["cursor"] = page["next_cursor"]


def lists(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Give the operations that answer with records."""
    return {
        path: item["get"]
        for path, item in document["paths"].items()
        if "get" in item and item["get"]["operationId"].startswith("list_")
    }


def test_every_list_of_the_document_is_paged(client: FlaskClient) -> None:
    document = client.get("/openapi.json").get_json()

    assert lists(document)
    for path, operation in lists(document).items():
        parameters = {each["name"]: each for each in operation["parameters"]}
        assert parameters["limit"]["schema"].items() >= {"minimum": 1, "maximum": 200, "default": 50}.items(), path
        assert not parameters["cursor"]["required"], path
        answer = operation["responses"]["200"]["content"]["application/json"]
        assert set(answer["example"]) == {"items", "next_cursor"}, path


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 6, 200])
def test_pages_show_each_record_once_in_order(
    service: FlaskClient, database: Database, sell: Callable[..., LicenseKey], limit: int
) -> None:
    sold = [sell(database, ORGANIZATION).id for _ in range(5)]

    pages = list(walk(service, KEYS, limit=limit))

    assert [key["id"] for page in pages for key in page] == sold
    assert all(len(page) == limit for page in pages[:-1])
    assert pages[-1]


def test_records_of_one_instant_are_shown_once(
    service: FlaskClient, database: Database, sell: Callable[..., LicenseKey]
) -> None:
    agreement = sell(database, ORGANIZATION).agreement_id
    terms = {
        "agreement_id": agreement,
        "profile_code": "standard",
        "components": [{"component_code": "xms", "seats": 1}],
    }
    made = {service.post(KEYS, json={**terms, "id_number": f"#{n}"}).get_json()["id"] for n in range(4)}

    shown = [key["id"] for page in walk(service, KEYS, limit=1) for key in page]

    assert made < set(shown)
    assert len(shown) == len(set(shown)) == 5


def test_a_record_that_is_added_meanwhile_shifts_none(
    service: FlaskClient, database: Database, sell: Callable[..., LicenseKey]
) -> None:
    """Never an offset: on a page that is read again the same records stand."""
    for _ in range(3):
        sell(database, ORGANIZATION)
    first = service.get(f"{KEYS}?limit=2").get_json()
    second = service.get(f"{KEYS}?limit=2&cursor={first['next_cursor']}").get_json()

    sell(database, ORGANIZATION)

    again = service.get(f"{KEYS}?limit=1&cursor={first['next_cursor']}").get_json()
    assert again["items"] == second["items"]
    assert again["next_cursor"] is not None


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/components", {"code": "", "name": "A component"}),
        (
            "/v1/profiles",
            {"code": "", "name": "A profile", "components": [{"component_code": "xms", "features": ["a"]}]},
        ),
    ],
)
def test_the_catalog_is_paged_by_its_codes(service: FlaskClient, path: str, body: dict[str, Any]) -> None:
    for code in ("b", "a.1", "a-1", "a_1", "z"):
        service.post(path, json={**body, "code": code})

    shown = [item["code"] for page in walk(service, path, limit=2) for item in page]

    assert shown == [item["code"] for item in service.get(path).get_json()["items"]]
    assert len(shown) == 6


def test_agreements_are_paged(service: FlaskClient, database: Database, sell: Callable[..., LicenseKey]) -> None:
    sold = [sell(database, ORGANIZATION).agreement_id for _ in range(3)]

    assert [each["id"] for page in walk(service, "/v1/agreements", limit=1) for each in page] == sold


def test_filters_hold_on_every_page(service: FlaskClient, database: Database, sell: Callable[..., LicenseKey]) -> None:
    sold = [sell(database, organization).id for organization in (ORGANIZATION, OTHER_ORGANIZATION) * 3]

    shown = [key["id"] for page in walk(service, KEYS, limit=1, organization_id=ORGANIZATION) for key in page]

    assert shown == sold[::2]


def test_a_key_is_found_by_its_id_number(
    service: FlaskClient, database: Database, sell: Callable[..., LicenseKey]
) -> None:
    """S2-22: unique in its organization, and not beyond."""
    here, elsewhere = (sell(database, each, id_number="Shops #1") for each in (ORGANIZATION, OTHER_ORGANIZATION))
    sell(database, ORGANIZATION, id_number="Shops #10")

    def found(**query: str) -> list[str]:
        return [key["id"] for key in service.get(KEYS, query_string=query).get_json()["items"]]

    assert found(id_number="Shops #1") == [here.id, elsewhere.id]
    assert found(id_number="Shops #1", organization_id=OTHER_ORGANIZATION) == [elsewhere.id]
    assert found(id_number="shops #1") == []


def test_keys_are_found_by_status_and_agreement(
    service: FlaskClient, database: Database, sell: Callable[..., LicenseKey]
) -> None:
    first, second = (sell(database, ORGANIZATION) for _ in range(2))

    def found(**query: str) -> list[str]:
        return [key["id"] for key in service.get(KEYS, query_string=query).get_json()["items"]]

    assert found(status="active") == [first.id, second.id]
    assert found(status="revoked") == []
    assert found(agreement_id=second.agreement_id) == [second.id]


@pytest.mark.parametrize("limit", ["0", "201", "-1", "1.5", "1e1", "+5", " 5", "5_0", "٥", "", "x", "1" * 11])
def test_a_limit_out_of_bounds_is_named(service: FlaskClient, limit: str) -> None:
    answer = service.get(KEYS, query_string={"limit": limit})

    assert (answer.status_code, answer.get_json()["code"]) == (422, "invalid_fields")
    assert list(answer.get_json()["errors"]) == ["limit"]


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "=",
        "%",
        "a" * 201,
        encoded(""),
        encoded("xms"),
        encoded("/"),
        encoded("2026-06-01T09:00:00/9f2f3c64-0d8b-4b0e-a5f3-7a1d9a3f5c21"),
        encoded("2026-06-01T09:00:00+02:00/9f2f3c64-0d8b-4b0e-a5f3-7a1d9a3f5c21"),
        encoded("0001-01-01T00:00:00+14:00/9f2f3c64-0d8b-4b0e-a5f3-7a1d9a3f5c21"),
        encoded("2026-06-01 09:00:00+00:00/9f2f3c64-0d8b-4b0e-a5f3-7a1d9a3f5c21"),
        encoded("2026-06-01T09:00:00+00:00/9f2f3c64\x00"),
        encoded("2026-06-01T09:00:00+00:00/9f2f3c64/9f2f3c64"),
        encoded("soon/9f2f3c64-0d8b-4b0e-a5f3-7a1d9a3f5c21"),
        encoded("2026-06-01T09:00:00+00:00/é"),
        encoded("2026-06-01T09:00:00+00:00/9f2f3c64") + "=",
        encoded("2026-06-01T09:00:00+00:00/9f2f3c64") + "!",
    ],
)
def test_a_broken_cursor_is_named(service: FlaskClient, cursor: str) -> None:
    """T49, T58."""
    answer = service.get(KEYS, query_string={"cursor": cursor})

    assert (answer.status_code, answer.get_json()["code"]) == (422, "invalid_fields")
    assert list(answer.get_json()["errors"]) == ["cursor"]


def test_a_cursor_of_another_kind_of_list_is_named(service: FlaskClient) -> None:
    service.post("/v1/components", json={"code": "kds", "name": "Kitchen display"})
    cursor = service.get("/v1/components?limit=1").get_json()["next_cursor"]

    answer = service.get(KEYS, query_string={"cursor": cursor})

    assert (answer.status_code, list(answer.get_json()["errors"])) == (422, ["cursor"])
