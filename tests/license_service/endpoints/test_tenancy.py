"""Nobody meets another organization's things (T44): every route of the app, so that a new one cannot be forgotten.

Each route is asked for something that another organization has, and in the same way for something that nobody has: the
answers are the same to the byte.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import uuid4

import pytest

from license_service.actions.activate_site import activate_site
from license_service.actions.claim_seat import claim_seat
from license_service.actions.create_access_group import create_access_group
from license_service.actions.synchronize import SynchronizationAsked, synchronize
from license_service.domain.access_group import AccessTerms
from license_service.domain.synchronization import Trigger
from license_service.storage.tables import metadata
from tests.license_service.conftest import new_id
from wire.scopes import ENTITLEMENTS, LICENSE, LICENSES_WRITE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask import Flask
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from database.engine import Database
    from license_service.domain.license_key import LicenseKey
    from license_service.signing.key_folder import KeyFolder

OWN = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11"
NOBODY = "00000000-0000-4000-8000-000000000000"
THEIR_DEVICE = "5d1c9f3e-8a52-4e0c-9a76-3c1f0c2b7d99"


# The revision that the document's example activates is not the device's own.
_REFUSED_AT_HOME = {"/v1/activations": (409,)}


class Theirs(NamedTuple):
    """The ids of what another organization has; each is what a path, a query or a body calls it."""

    organization_id: str = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a12"
    key_id: str = ""
    agreement_id: str = ""
    group_id: str = ""
    device_id: str = THEIR_DEVICE
    to_device_id: str = THEIR_DEVICE
    id_number: str = "Their label"
    run_id: str = ""


class Route(NamedTuple):
    method: str
    path: str
    operation: dict[str, Any]

    def opened_by(self, scope: str) -> bool:
        return any(scope in each["bearer"] for each in self.operation["security"])


@pytest.fixture
def theirs(database: Database, sell: Callable[..., LicenseKey], clock: Any, signing_keys: KeyFolder) -> Theirs:
    """Give what the other organization has: an agreement, a key, a seat and a synchronization. We have a key, too."""
    sell(database, OWN, seats=5)
    key = sell(database, Theirs().organization_id, seats=5, id_number=Theirs().id_number)
    claim_seat(database, device_id=THEIR_DEVICE, organization_id=Theirs().organization_id, now=clock())
    run = synchronize(
        database,
        signing_keys,
        SynchronizationAsked(
            organization_id=Theirs().organization_id,
            device_id=THEIR_DEVICE,
            started_by=Theirs().id_number,
            trigger=Trigger.MANUAL,
            held={},
        ),
        run_id=str(uuid4()),
        clock=clock,
    ).run
    activate_site(database, Theirs().organization_id, revision=1, now=key.issued_at)
    group = create_access_group(
        database, AccessTerms("Theirs", ("xms",)), key_id=key.id, group_id=new_id(), now=key.issued_at
    )
    return Theirs(key_id=key.id, agreement_id=key.agreement_id, group_id=group.id, run_id=run.id)


@pytest.fixture
def routes(app: Flask, client: FlaskClient) -> list[Route]:
    paths = client.get("/openapi.json").get_json()["paths"]
    return list(_routes(app, paths))


def _routes(app: Flask, paths: dict[str, Any]) -> Iterator[Route]:
    for rule in app.url_map.iter_rules():
        if not rule.rule.startswith("/v1/"):
            continue
        path = rule.rule.replace("<uuid:", "{").replace(">", "}")
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            # A route that the document does not have fails here, as does one whose argument has no id in Theirs.
            yield Route(method, path, paths[path][method.lower()])


def ask(client: FlaskClient, route: Route, token: str, ids: dict[str, str]) -> TestResponse:
    """Ask a route for the things with these ids, wherever it takes one."""
    parameters = [each["name"] for each in route.operation.get("parameters", ()) if each["in"] == "query"]
    body = route.operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("example")
    return client.open(
        route.path.format(**ids),
        method=route.method,
        query_string={name: ids[name] for name in parameters if name in ids},
        json=None if body is None else {name: ids.get(name, value) for name, value in body.items()},
        headers={"Authorization": f"Bearer {token}", "If-Match": '"1"'},
    )


def rows(database: Database) -> list[Any]:
    with database.reading() as connection:
        return [connection.execute(table.select()).all() for table in metadata.sorted_tables]


def ids_in(theirs: Theirs) -> dict[str, str]:
    return {"event_id": NOBODY, "endpoint_id": NOBODY, **theirs._asdict()}


def nobodys() -> dict[str, str]:
    return {**dict.fromkeys(ids_in(Theirs()), NOBODY), "id_number": "Nobody's"}


def test_a_device_meets_another_organization_s_things_as_what_is_not_there(
    client: FlaskClient, routes: list[Route], theirs: Theirs, issuer: Any, database: Database
) -> None:
    token = issuer.device_token(OWN)
    before = rows(database)
    opened = 0

    for route in routes:
        answer = ask(client, route, token, ids_in(theirs))
        nobody = ask(client, route, token, nobodys())

        assert (answer.status_code, answer.data) == (nobody.status_code, nobody.data), route
        assert not any(each in answer.text for each in theirs), route
        if route.opened_by(LICENSE):
            opened += 1
            # What names nobody's things is of the device's own organization.
            assert answer.status_code in {200, 404, *_REFUSED_AT_HOME.get(route.path, ())}, (route, answer.text)
        elif route.operation["security"]:
            assert answer.get_json()["code"] == "insufficient_scope", route
    assert opened > 0
    assert rows(database) == before


def test_a_device_s_lists_show_its_own_organization_s_things_only(
    client: FlaskClient, routes: list[Route], theirs: Theirs, issuer: Any
) -> None:
    """T44: without any filter, and whatever page is asked for."""
    headers = {"Authorization": f"Bearer {issuer.device_token(OWN)}"}

    for route in routes:
        if route.method == "GET" and "{" not in route.path and route.opened_by(LICENSE):
            text = client.get(route.path, headers=headers).text
            assert not any(each in text for each in theirs), route
    assert OWN in client.get("/v1/license-keys", headers=headers).text


def test_who_acts_for_an_organization_meets_another_s_things_as_what_is_not_there(
    client: FlaskClient, routes: list[Route], theirs: Theirs, issuer: Any
) -> None:
    """auth_service and the vendor's tools say for whom they ask: nothing of another organization is found for it.

    A claim of a device that sits elsewhere is refused in words that name nobody, and is the one exception.
    """
    asked = 0

    for route in routes:
        if (
            not (route.operation["security"] and _names_the_organization(route))
            or route.operation["operationId"] == "claim_seat"
        ):
            continue
        scope = route.operation["security"][0]["bearer"][0]
        here = {"organization_id": OWN, "to_device_id": NOBODY}
        answer = ask(client, route, issuer.token(scope), {**ids_in(theirs), **here})
        nobody = ask(client, route, issuer.token(scope), {**nobodys(), **here})

        asked += 1
        assert (answer.status_code, answer.data) == (nobody.status_code, nobody.data), route
    assert asked > 0


def _names_the_organization(route: Route) -> bool:
    """Tell whether the route takes an organization, and something of it that is not made by the request."""
    said = json.dumps([route.operation.get("parameters", ()), route.operation.get("requestBody", {})])
    return "organization_id" in said and ("{" in route.path or "device_id" in said)


def test_the_claim_of_a_device_that_sits_elsewhere_names_nobody(
    client: FlaskClient, routes: list[Route], theirs: Theirs, issuer: Any
) -> None:
    (claim,) = (route for route in routes if route.operation["operationId"] == "claim_seat")

    answer = ask(client, claim, issuer.token(ENTITLEMENTS), {**ids_in(theirs), "organization_id": OWN})

    assert (answer.status_code, answer.get_json()["code"]) == (409, "device_refused")
    assert not any(each in answer.text for each in theirs)


def test_a_device_reads_its_own_organization_s_keys(
    client: FlaskClient, database: Database, sell: Callable[..., LicenseKey], issuer: Any
) -> None:
    key = sell(database, OWN)
    headers = {"Authorization": f"Bearer {issuer.device_token(OWN)}"}

    assert [each["id"] for each in client.get("/v1/license-keys", headers=headers).get_json()["items"]] == [key.id]
    assert client.get(f"/v1/license-keys/{key.id}", headers=headers).get_json()["organization_id"] == OWN


def test_a_device_changes_nothing_by_a_scope_that_its_client_was_given(
    client: FlaskClient, routes: list[Route], theirs: Theirs, issuer: Any, database: Database
) -> None:
    """A client that was registered with the vendor's scopes by mistake (T45)."""
    scopes = f"{LICENSE} {LICENSES_WRITE} {ENTITLEMENTS}"
    token = issuer.token(scopes, client_id="tillpass-pos", sub=NOBODY, organization_id=OWN)
    before = rows(database)

    for route in routes:
        if route.method != "GET":
            refused = {403, 404, *_REFUSED_AT_HOME.get(route.path, ())}
            assert ask(client, route, token, ids_in(theirs)).status_code in refused, route
    assert rows(database) == before
