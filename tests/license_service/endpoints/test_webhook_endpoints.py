"""Webhook endpoints and their deliveries over the API."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from license_service.app import create_app
from license_service.domain.event import EventKind
from license_service.storage.events import record_event
from tests.doubles.event_listener import listen

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from database.engine import Database

PATH = "/v1/webhook-endpoints"
TERMS = {
    "url": "https://hooks.example.com/tillpass",
    "event_types": ["seat.claimed", "license.expired"],
    "description": "Order management",
}
NOBODY = "6f0a2a50-9a30-4f4c-8c57-2f5a3d0a7e21"


def create(service: FlaskClient, **terms: Any) -> dict[str, Any]:
    answer = service.post(PATH, json={**TERMS, **terms})
    assert answer.status_code == 201, answer.text
    document: dict[str, Any] = answer.get_json()
    return document


def change(service: FlaskClient, endpoint_id: str, version: int, **terms: Any) -> TestResponse:
    return service.put(f"{PATH}/{endpoint_id}", json={**TERMS, **terms}, headers={"If-Match": f'"{version}"'})


def claimed(database: Database, now: Any) -> None:
    with database.transaction() as connection:
        told = {"organization_id": "o", "subject_id": "d", "data": {}}
        record_event(connection, kind=EventKind.SEAT_CLAIMED, **told, now=now)


def test_an_endpoint_is_created_and_its_secret_shown_this_once(service: FlaskClient, database: Database) -> None:
    answer = service.post(PATH, json=TERMS)

    made = answer.get_json()
    secret = made.pop("secret")
    assert secret.startswith("whsec_")
    assert len(base64.b64decode(secret.removeprefix("whsec_"))) == 32
    assert {name: made[name] for name in TERMS} == TERMS
    assert (made["status"], made["version"], made["former_secret_until"]) == ("enabled", 1, None)
    assert service.get(answer.headers["Location"]).get_json() == made
    assert service.get(PATH).get_json() == {"items": [made], "next_cursor": None}
    kept = database.engine.raw_connection()
    assert secret not in repr(kept.execute("SELECT * FROM webhook_endpoints").fetchall())
    kept.close()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("url", ""),
        ("url", 5),
        ("url", "ftp://hooks.example.com/"),
        ("url", "https://a:b@hooks.example.com/"),
        ("url", "https://hooks.example.com/#part"),
        ("url", "https://hooks.example.com\\@127.0.0.1/"),
        ("url", "https://hooks.example.com/\r\nHost: other"),
        ("url", "https://hooks.example.com/\n"),
        ("url", "https://h.example/" + "a" * 2048),
        ("event_types", []),
        ("event_types", ["seat.claimed", "seat.claimed"]),
        ("event_types", ["seat.stolen"]),
        ("description", ""),
        ("description", "a" * 201),
        ("status", "away"),
        ("secret", "whsec_AAAA"),
    ],
)
def test_a_wrong_field_is_named(service: FlaskClient, field: str, value: object) -> None:
    answer = service.post(PATH, json={**TERMS, field: value})

    assert (answer.status_code, list(answer.get_json()["errors"])) == (422, [field])


@pytest.mark.parametrize(
    "url", ["http://hooks.example.com/", "https://10.0.0.1/", "https://[::1]/", "https://hooks.example.com:0/"]
)
def test_a_url_that_nothing_is_sent_to_is_refused(service: FlaskClient, url: str) -> None:
    """T31."""
    endpoint = create(service)

    for answer in (service.post(PATH, json={**TERMS, "url": url}), change(service, endpoint["id"], 1, url=url)):
        assert (answer.status_code, answer.get_json()["code"]) == (409, "webhook_url_refused")
        assert list(answer.get_json()["errors"]) == ["url"]
        assert url not in answer.text


def test_a_repeated_creation_makes_one_and_shows_the_same_secret(service: FlaskClient) -> None:
    """F47."""
    headers = {"Idempotency-Key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}

    first, second = (service.post(PATH, json=TERMS, headers=headers).get_json() for _ in range(2))

    assert first == second
    assert len(service.get(PATH).get_json()["items"]) == 1


def test_an_endpoint_is_changed_by_who_has_seen_it(service: FlaskClient) -> None:
    endpoint = create(service)

    changed = change(service, endpoint["id"], 1, event_types=["device.dark"], status="disabled")

    assert changed.status_code == 200
    assert changed.get_json()["event_types"] == ["device.dark"]
    assert (changed.get_json()["status"], changed.get_json()["disabled_reason"]) == ("disabled", "by_hand")
    assert changed.headers["ETag"].startswith('"2.')
    assert change(service, endpoint["id"], 1).status_code == 412
    enabled = change(service, endpoint["id"], 2).get_json()
    assert (enabled["status"], enabled["disabled_reason"], enabled["disabled_at"]) == ("enabled", None, None)
    assert service.put(f"{PATH}/{endpoint['id']}", json=TERMS).status_code == 428


def test_a_rotated_secret_is_shown_once_and_the_one_before_signs_for_a_day(service: FlaskClient, clock: Any) -> None:
    endpoint = create(service)

    answer = service.post(f"{PATH}/{endpoint['id']}/secret", headers={"If-Match": '"1"'})

    rotated = answer.get_json()
    assert answer.status_code == 200
    assert rotated["secret"] != endpoint["secret"]
    assert rotated["former_secret_until"] == (clock() + timedelta(days=1)).isoformat()
    assert "secret" not in service.get(f"{PATH}/{endpoint['id']}").get_json()
    again = service.post(f"{PATH}/{endpoint['id']}/secret", headers={"If-Match": '"1"'})
    assert again.status_code == 412


def test_an_endpoint_is_deleted_with_its_deliveries(service: FlaskClient, database: Database, clock: Any) -> None:
    endpoint = create(service)
    claimed(database, clock())
    path = f"{PATH}/{endpoint['id']}"

    assert service.delete(path).status_code == 428
    assert service.delete(path, headers={"If-Match": '"9"'}).status_code == 412
    assert service.delete(path, headers={"If-Match": '"1"'}).status_code == 204
    assert service.get(path).status_code == 404
    assert service.get(f"{path}/deliveries").status_code == 404


def test_deliveries_are_listed_by_status_and_asked_for_again(
    service: FlaskClient, database: Database, clock: Any
) -> None:
    endpoint = create(service)
    path = f"{PATH}/{endpoint['id']}/deliveries"
    for _ in range(3):
        claimed(database, clock())
        clock.now += timedelta(seconds=1)

    first = service.get(path, query_string={"limit": 2, "status": "pending"}).get_json()
    second = service.get(path, query_string={"limit": 2, "cursor": first["next_cursor"]}).get_json()

    assert [len(page["items"]) for page in (first, second)] == [2, 1]
    assert second["next_cursor"] is None
    one = first["items"][0]
    assert (one["event_type"], one["status"], one["attempts"], one["last_outcome"]) == (
        "seat.claimed",
        "pending",
        0,
        None,
    )
    assert service.get(path, query_string={"status": "failed"}).get_json()["items"] == []
    again = service.post(f"{path}/{one['event_id']}/redeliver")
    assert again.status_code == 200
    assert again.get_json()["next_attempt_at"] == clock().isoformat()


def test_what_is_not_there_is_not_found(service: FlaskClient) -> None:
    endpoint = create(service)
    codes = [
        service.get(f"{PATH}/{NOBODY}").get_json()["code"],
        change(service, NOBODY, 1).get_json()["code"],
        service.post(f"{PATH}/{NOBODY}/secret", headers={"If-Match": '"1"'}).get_json()["code"],
        service.post(f"{PATH}/{NOBODY}/deliveries/{NOBODY}/redeliver").get_json()["code"],
        service.post(f"{PATH}/{endpoint['id']}/deliveries/{NOBODY}/redeliver").get_json()["code"],
    ]

    assert codes == ["webhook_endpoint_not_found"] * 4 + ["webhook_delivery_not_found"]


def test_nothing_is_sent_again_to_an_endpoint_that_is_disabled(service: FlaskClient) -> None:
    endpoint = create(service, status="disabled")

    answer = service.post(f"{PATH}/{endpoint['id']}/deliveries/{NOBODY}/redeliver")

    assert (answer.status_code, answer.get_json()["code"]) == (409, "webhook_endpoint_disabled")


@pytest.mark.parametrize("scope", ["licenses.read licenses.write", "webhooks.read", "license"])
def test_who_may_change_licenses_may_not_choose_where_events_go(app: Flask, issuer: Any, scope: str) -> None:
    """T41, T44: an endpoint is told of every organization."""
    caller = app.test_client()
    caller.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {issuer.token(scope)}"

    assert caller.post(PATH, json=TERMS).status_code == 403
    assert caller.get(PATH).status_code == (200 if scope == "webhooks.read" else 403)


def test_without_a_key_to_seal_with_there_are_no_webhooks(bare_service: FlaskClient, database: Database) -> None:
    listen(database)

    answer = bare_service.post(PATH, json=TERMS)

    assert (answer.status_code, answer.get_json()["code"]) == (409, "webhooks_not_set_up")
    assert len(bare_service.get(PATH).get_json()["items"]) == 1


@pytest.fixture
def bare_service(settings: Any, wired: Any, issuer: Any) -> FlaskClient:
    """Give a client of a service that was started without LICENSE_SECRET_KEY."""
    bare = replace(wired, webhooks=replace(wired.webhooks, seal=None))
    caller = create_app(settings, bare).test_client()
    caller.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {issuer.token()}"
    return caller
