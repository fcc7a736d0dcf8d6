"""Whom notify_service is to write to: reads for services by the scope organizations.read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from auth_service.actions.create_device import NewDevice, create_device
from auth_service.actions.create_organization import create_organization
from auth_service.actions.register_client import NewClient, register_client
from auth_service.domain.operator import Operator, Role
from auth_service.storage.operators import add_operator
from auth_service.storage.organizations import add_membership, add_organization
from notify_service.outbound.client_authentication import ClientKey, public_key_set
from tests.doubles.auth_house import ISSUER
from wire.calendar_documents import OrganizationRecipientsSchema
from wire.calendar_records import OrganizationRecipients
from wire.grant_types import CLIENT_CREDENTIALS
from wire.scopes import LICENSES_READ, ORGANIZATIONS_READ

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from tests.doubles.auth_house import House


NOBODY = "00000000-0000-4000-8000-000000000000"


def ask(house: House, path: str, scope: str = ORGANIZATIONS_READ) -> TestResponse:
    token = house.wired.protocol.issuer.service_token("notify-service", scope, house.clock())
    return house.web().get(path, base_url=ISSUER, headers={"Authorization": f"Bearer {token}"})


def recipients_of(organization_id: object) -> str:
    return f"/v1/organizations/{organization_id}/recipients"


def add_member(house: House, email: str, role: Role, organization_id: str | None = None) -> None:
    # Without a password: making its hash would take longer than all the rest.
    operator = Operator(str(uuid4()), email, "Somebody")
    with house.wired.database.transaction() as connection:
        add_operator(connection, operator, "!", house.clock())
        add_membership(connection, operator.id, organization_id or house.organization_id, role)


def test_the_owners_of_an_organization_are_those_who_are_told(house: House) -> None:
    """T55: approvers, viewers and the vendor's staff are not."""
    for role in (Role.APPROVER, Role.VIEWER, Role.VENDOR):
        add_member(house, f"{role}@example.com", role)
    add_member(house, "another@example.com", Role.OWNER)

    answer = ask(house, recipients_of(house.organization_id))

    assert OrganizationRecipientsSchema().load(answer.json) == OrganizationRecipients(
        "Bakery", "en", ("another@example.com", "owner@example.com")
    )
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_language_is_the_organization_s_own(house: House) -> None:
    organization_id = str(uuid4())
    with house.wired.database.transaction() as connection:
        add_organization(connection, organization_id, "Panadería", house.clock(), locale="es")

    answer = ask(house, recipients_of(organization_id))

    assert answer.json == {"organization_name": "Panadería", "locale": "es", "owners": []}


def test_an_organization_that_is_not_there_is_404(house: House) -> None:
    answer = ask(house, recipients_of(uuid4()))

    assert (answer.status_code, answer.json["code"]) == (404, "organization_not_found")
    assert answer.content_type == "application/problem+json"
    assert ask(house, recipients_of("no-uuid")).content_type == "application/problem+json"


def test_the_vendors_staff_is_told_by_role_each_once(house: House) -> None:
    assert ask(house, "/v1/vendor/recipients").json == {"addresses": []}
    vendor = create_organization(house.wired.database, "The vendor", now=house.clock())
    add_member(house, "staff@vendor.example", Role.VENDOR, vendor)
    add_member(house, "more.staff@vendor.example", Role.VENDOR, vendor)

    answer = ask(house, "/v1/vendor/recipients")

    assert answer.json == {"addresses": ["more.staff@vendor.example", "staff@vendor.example"]}


def test_devices_are_named_as_far_as_the_organization_has_them(house: House) -> None:
    """T44."""
    elsewhere = create_organization(house.wired.database, "Elsewhere", now=house.clock())
    hub = NewDevice(elsewhere, "Theirs", server_url="https://hub.example.com")
    theirs = create_device(house.wired.database, hub, now=house.clock())

    answer = ask(house, f"/v1/organizations/{house.organization_id}/devices?id={house.device_id}&id={theirs}")

    assert answer.json == {"devices": [{"id": house.device_id, "name": "Shop 1"}]}


@pytest.mark.parametrize("query", ["", "id=1", "id=", "limit=1", "&".join(["id=" + NOBODY] * 51)])
def test_a_query_for_devices_that_is_wrong_is_422(house: House, query: str) -> None:
    """T45, T49."""
    answer = ask(house, f"/v1/organizations/{house.organization_id}/devices?{query}")

    assert (answer.status_code, answer.json["code"]) == (422, "invalid_parameters")
    assert answer.json["errors"]


@pytest.mark.parametrize(
    "path", [recipients_of(NOBODY), f"/v1/organizations/{NOBODY}/devices", "/v1/vendor/recipients"]
)
def test_only_a_service_with_the_scope_is_answered(house: House, path: str) -> None:
    """T44, T54: no token 401, another scope, another audience or a device's token 403 or 401."""
    assert (house.web().get(path, base_url=ISSUER)).status_code == 401
    # Of another audience.
    assert ask(house, path, LICENSES_READ).status_code == 401
    device = house.tokens()["access_token"]
    answer = house.web().get(path, base_url=ISSUER, headers={"Authorization": f"Bearer {device}"})
    assert answer.status_code == 401
    assert "WWW-Authenticate" in answer.headers


def test_notify_service_gets_in_by_what_it_signs(house: House) -> None:
    """RFC 7523 §2.2: both ends as they are."""
    key = ec.generate_private_key(ec.SECP256R1())
    keys = json.dumps(public_key_set(key))
    new = NewClient(
        "notify-service",
        "Notify service",
        (CLIENT_CREDENTIALS,),
        (LICENSES_READ, ORGANIZATIONS_READ),
        is_public=False,
        public_keys=keys,
    )
    register_client(house.wired.database, new, now=house.clock())
    signed = ClientKey("notify-service", ISSUER, key).form(house.clock())

    answer = house.post("/oauth/token", {"grant_type": CLIENT_CREDENTIALS, "scope": ORGANIZATIONS_READ, **signed})

    headers = {"Authorization": f"Bearer {answer.json['access_token']}"}
    assert house.web().get("/v1/vendor/recipients", base_url=ISSUER, headers=headers).status_code == 200
