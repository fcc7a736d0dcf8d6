"""PostgreSQL goes away, comes back, and is at odds with itself, as callers of the API see it (F28, F29).

How long it is away changes nothing, as nothing counts the time: what holds after an instant holds after a minute.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from database.engine import Database
from database.migrations import migrate
from license_service.app import create_app
from license_service.storage import seats, sites
from license_service.wiring import wire_up
from tests.doubles.postgresql import is_installed, running_server
from tests.license_service.conftest import Clock, empty

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from license_service.domain.license_key import LicenseKey
    from license_service.settings import Settings
    from license_service.wiring import Wired
    from tests.doubles.postgresql import PostgresqlServer
    from tests.license_service.conftest import Issuer

ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11"
DEVICE = "5d1c9f3e-8a52-4e0c-9a76-3c1f0c2b7d10"
SEAT = f"/v1/devices/{DEVICE}/seat"
PATIENCE = 20


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresqlServer]:
    """Give a server that may be ended."""
    if not is_installed():
        pytest.skip("no PostgreSQL server is installed here; on Debian: apt-get install postgresql")
    # Durable: what it has said to keep must outlive its crash.
    with running_server(durable=True) as started:
        yield started


@pytest.fixture(scope="module")
def url(server: PostgresqlServer) -> str:
    """Give a database that looks for deadlocks at once."""
    made = server.new_database()
    migrate("license_service", made)
    return f"{made}&options=-c%20deadlock_timeout%3D20ms"


@pytest.fixture
def wired(server: PostgresqlServer, url: str, settings: Settings, issuer: Issuer) -> Iterator[Wired]:
    if not server.is_running:
        server.start()
    parts = wire_up(replace(settings, database_url=url), keys=issuer)
    empty(parts.database)
    yield replace(parts, now=Clock())
    parts.database.close()


@pytest.fixture
def database(wired: Wired) -> Database:
    return wired.database


@pytest.fixture
def caller(wired: Wired, settings: Settings, issuer: Issuer) -> FlaskClient:
    """Give a client of a service on this server, with every scope."""
    client = create_app(settings, wired).test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {issuer.token()}"
    return client


def claim(caller: FlaskClient) -> TestResponse:
    return caller.put(SEAT, json={"organization_id": ORGANIZATION})


def rows(database: Database) -> tuple[int, int]:
    with database.reading() as connection:
        taken = connection.execute(text("SELECT sum(seats_claimed) FROM key_components")).scalar_one()
        return taken, connection.execute(text("SELECT count(*) FROM seats")).scalar_one()


def test_while_it_is_down_everybody_is_told_to_come_again_and_at_once_served_when_it_is_back(
    caller: FlaskClient, server: PostgresqlServer, database: Database, sell: Callable[..., LicenseKey]
) -> None:
    """F28: 503 with Retry-After and no 500; the pool, full of dead connections, heals with the first request."""
    key = sell(database, ORGANIZATION)
    asked: dict[str, Callable[[], Any]] = {
        "claim": lambda: claim(caller),
        "list": lambda: caller.get("/v1/license-keys"),
        "one": lambda: caller.get(f"/v1/license-keys/{key.id}"),
        "page for people": lambda: caller.get("/catalog"),
        "save": lambda: caller.post("/v1/components", json={"code": "kds", "name": "Kitchen display"}),
        "save once": lambda: caller.post(
            "/v1/components",
            json={"code": "sco", "name": "Self checkout"},
            headers={"Idempotency-Key": "8e03978e-40d5-43dd-bc93-6894a57f9324"},
        ),
    }

    server.crash()
    down = {name: call() for name, call in asked.items()}
    health, readiness = caller.get("/healthz"), caller.get("/readyz")
    server.start()
    up = {name: call().status_code for name, call in asked.items()}

    assert {name: answer.status_code for name, answer in down.items()} == dict.fromkeys(asked, 503)
    assert all(int(answer.headers["Retry-After"]) > 0 for answer in down.values())
    assert (health.status_code, readiness.status_code) == (200, 503)
    assert up == {**dict.fromkeys(asked, 200), "save": 201, "save once": 201}


def test_killed_in_the_middle_of_a_claim_it_holds_nothing_of_it_afterwards(
    caller: FlaskClient,
    server: PostgresqlServer,
    database: Database,
    sell: Callable[..., LicenseKey],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """F28, F07: the seat's row was written, and its unit counted."""
    sell(database, ORGANIZATION)

    def crash(*_: object) -> None:
        server.crash()
        place(*_)

    place = seats.place
    with monkeypatch.context() as patched:
        patched.setattr(seats, "place", crash)
        refused = claim(caller)
    server.start()

    assert (refused.status_code, "Retry-After" in refused.headers) == (503, True)
    assert rows(database) == (0, 0)
    assert claim(caller).status_code == 200
    assert rows(database) == (1, 1)


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}])
def test_a_deadlock_is_not_the_callers_to_notice(
    caller: FlaskClient,
    database: Database,
    sell: Callable[..., LicenseKey],
    monkeypatch: pytest.MonkeyPatch,
    headers: dict[str, str],
) -> None:
    """F29: somebody who locks the other way round makes a change be done again, and it is answered 200."""
    key = sell(database, ORGANIZATION)
    key_is_locked = threading.Event()
    tries: list[str] = []

    def lock_the_other_way_round() -> None:
        with database.transaction() as connection:
            # It does not look for deadlocks itself: the service finds it, and is undone.
            connection.execute(text("SET LOCAL deadlock_timeout = '60s'"))
            connection.execute(text("SELECT * FROM sites FOR UPDATE"))
            site_is_locked.set()
            assert key_is_locked.wait(PATIENCE)
            connection.execute(text("SELECT * FROM license_keys FOR UPDATE"))

    def note_key_change(*given: Any) -> None:
        tries.append("suspend")
        key_is_locked.set()
        if len(tries) == 1:
            wait_for_somebody_who_waits(database)
        note(*given)

    note, site_is_locked = sites.note_key_change, threading.Event()
    monkeypatch.setattr(sites, "note_key_change", note_key_change)
    with ThreadPoolExecutor(1) as threads:
        rival = threads.submit(lock_the_other_way_round)
        assert site_is_locked.wait(PATIENCE)
        path = f"/v1/license-keys/{key.id}/suspend"
        answer = caller.post(path, headers={"If-Match": '"1"', **headers})
        rival.result(PATIENCE)

    assert (answer.status_code, answer.get_json()["status"], len(tries)) == (200, "suspended", 2)


def wait_for_somebody_who_waits(database: Database) -> None:
    asked = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    with closing(Database(database.engine.url.render_as_string(hide_password=False))) as other, other.reading() as by:
        while not by.execute(asked).scalar_one():
            pass
