"""Access groups and their migration, as a caller meets them (S2-24, S2-25)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from license_service.actions.activate_site import activate_site
from license_service.actions.read_site import read_site
from tests.license_service.conftest import NOW, new_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.testing import FlaskClient

    from database.engine import Database
    from license_service.domain.license_key import LicenseKey

ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11"
TILL = {"kind": "register", "id": "R-01", "name": "Till 1"}
MARIA = {"kind": "user", "id": "maria.silva", "name": "Maria Silva"}
FRONT: dict[str, Any] = {"name": "Front tills", "component_codes": ["xms"], "members": [MARIA, TILL]}


@pytest.fixture
def key(database: Database, sell: Callable[..., LicenseKey]) -> LicenseKey:
    """Give a key of two seats that the site has activated."""
    sold = sell(database, ORGANIZATION, seats=2)
    activate(database, sold)
    return sold


def activate(database: Database, key: LicenseKey) -> None:
    revision = read_site(database, ORGANIZATION, now=NOW).site.revision
    activate_site(database, ORGANIZATION, revision=revision, now=key.issued_at)


def test_a_group_is_created_read_edited_and_deleted(service: FlaskClient, key: LicenseKey) -> None:
    """S2-25."""
    created = service.post("/v1/access-groups", json={**FRONT, "key_id": key.id})
    document = created.get_json()
    url = created.headers["Location"]

    assert created.status_code == 201
    assert document.items() >= {**FRONT, "key_id": key.id, "organization_id": ORGANIZATION, "version": 1}.items()
    read = service.get(url)
    assert (read.get_json(), read.headers["ETag"]) == (document, created.headers["ETag"])
    assert service.get(url, headers={"If-None-Match": read.headers["ETag"]}).status_code == 304
    assert service.get("/v1/access-groups", query_string={"key_id": key.id}).get_json()["items"] == [document]

    edited = service.put(url, json={**FRONT, "members": [TILL]}, headers={"If-Match": read.headers["ETag"]})
    assert (edited.status_code, edited.get_json()["members"]) == (200, [TILL])
    assert service.delete(url, headers={"If-Match": edited.headers["ETag"]}).status_code == 204
    assert service.get(url).get_json()["code"] == "access_group_not_found"


def test_a_change_says_what_it_was_decided_on(service: FlaskClient, key: LicenseKey) -> None:
    """RFC 6585 §3, RFC 9110 §13.1.1."""
    url = service.post("/v1/access-groups", json={**FRONT, "key_id": key.id}).headers["Location"]

    for method, body in (("PUT", FRONT), ("DELETE", None)):
        assert service.open(url, method=method, json=body).status_code == 428
        stale = service.open(url, method=method, json=body, headers={"If-Match": '"9"'})
        assert (stale.status_code, stale.headers["ETag"]) == (412, '"1"')


def test_a_device_reads_the_groups_of_its_own_organization(
    service: FlaskClient, client: FlaskClient, issuer: Any, key: LicenseKey
) -> None:
    """T44: 404 and an empty list for another one's."""
    url = service.post("/v1/access-groups", json={**FRONT, "key_id": key.id}).headers["Location"]
    own = {"Authorization": f"Bearer {issuer.device_token(ORGANIZATION)}"}
    other = {"Authorization": f"Bearer {issuer.device_token(new_id())}"}

    assert client.get(url, headers=own).status_code == 200
    assert client.get(url, headers=other).get_json()["code"] == "access_group_not_found"
    assert len(client.get("/v1/access-groups", headers=own).get_json()["items"]) == 1
    assert client.get("/v1/access-groups", headers=other).get_json()["items"] == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": "x" * 65}, "name"),
        ({"component_codes": []}, "component_codes"),
        ({"component_codes": ["xms", "xms"]}, "component_codes"),
        ({"members": [TILL, {**TILL, "name": "Again"}]}, "members"),
        ({"members": [{**TILL, "kind": "robot"}]}, "members"),
        ({"members": [{**TILL, "id": "\n"}]}, "members"),
        ({"members": [{**TILL, "id": f"R-{number}"} for number in range(501)]}, "members"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_wrong_field_is_named(service: FlaskClient, change: dict[str, Any], field: str) -> None:
    """T45, T49, T50: before any record is looked at."""
    answer = service.post("/v1/access-groups", json={**FRONT, "key_id": new_id(), **change})

    assert (answer.status_code, list(answer.get_json()["errors"])) == (422, [field])


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"component_codes": ["kds"]}, "component_not_on_key"),
        ({"members": [TILL, MARIA, {**TILL, "id": "R-02"}]}, "no_place_free"),
    ],
)
def test_what_stands_against_a_group_is_told(
    service: FlaskClient, key: LicenseKey, change: dict[str, Any], code: str
) -> None:
    answer = service.post("/v1/access-groups", json={**FRONT, "key_id": key.id, **change})

    assert (answer.status_code, answer.get_json()["code"]) == (409, code)


def test_a_migration_is_previewed_and_then_done(service: FlaskClient, database: Database, key: LicenseKey) -> None:
    """S2-24."""
    group = service.post("/v1/access-groups", json={**FRONT, "key_id": key.id}).get_json()
    terms = {"id_number": "New", "profile_code": "standard", "components": [{"component_code": "xms", "seats": 1}]}
    new = service.post(f"/v1/license-keys/{key.id}/replace", json=terms, headers={"If-Match": '"1"'}).get_json()
    activate(database, key)
    url = f"/v1/license-keys/{key.id}/access-migrations"

    shown = service.post(url, json={"preview": True}).get_json()

    assert shown["to_key_id"] == new["id"]
    assert shown["groups"] == [
        {
            "access_group_id": group["id"],
            "name": "Front tills",
            "component_codes": ["xms"],
            "missing_component_codes": [],
            "moved": [MARIA],
            "left_behind": [{"member": TILL, "reason": "seats_too_few", "component_codes": ["xms"]}],
        }
    ]
    done = service.post(url, json={"preview": False, "state": shown["state"]})
    assert (done.status_code, done.get_json()) == (200, {**shown, "preview": False})
    (moved,) = service.get("/v1/access-groups", query_string={"key_id": new["id"]}).get_json()["items"]
    assert moved["members"] == [MARIA]

    again = service.post(url, json={"preview": False, "state": shown["state"]})
    assert (again.status_code, again.get_json()["code"]) == (412, "preview_outdated")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "preview"),
        ({"preview": 1}, "preview"),
        ({"preview": False}, "state"),
        ({"preview": True, "state": "new"}, "state"),
        ({"preview": True, "to_key_id": "there"}, "to_key_id"),
    ],
)
def test_a_migration_that_nobody_previewed_is_refused(service: FlaskClient, body: dict[str, Any], field: str) -> None:
    answer = service.post(f"/v1/license-keys/{new_id()}/access-migrations", json=body)

    assert (answer.status_code, list(answer.get_json()["errors"])) == (422, [field])
