"""A POS server with its page, an authorization server in memory, and a clock between them."""

from __future__ import annotations

from threading import Event
from typing import TYPE_CHECKING, Any

import pytest
from flask.testing import FlaskClient

from pos_client.app import create_app
from pos_client.issuer import Issuer
from pos_client.settings import Settings
from pos_client.wiring import wire_up
from tests.pos_client.clock import Clock
from tests.pos_client.issuer_simulator import IssuerSimulator
from tests.pos_client.update_simulator import UpdateSimulator
from wire.http_client import HttpClient

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from werkzeug.test import TestResponse

    from pos_client.device_license import DeviceLicense
    from pos_client.wiring import Wired


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def simulator(clock: Clock) -> Iterator[IssuerSimulator]:
    running = IssuerSimulator(clock)
    yield running
    running.close()


@pytest.fixture
def updates(clock: Clock) -> Iterator[UpdateSimulator]:
    """Give the vendor's update service."""
    running = UpdateSimulator(clock)
    yield running
    running.close()


@pytest.fixture
def http() -> Iterator[HttpClient]:
    client = HttpClient(connect_seconds=0.5, read_seconds=0.25)
    yield client
    client._pool.clear()


@pytest.fixture
def issuer(http: HttpClient, simulator: IssuerSimulator) -> Issuer:
    return Issuer(http, simulator.issuer)


@pytest.fixture
def settings(simulator: IssuerSimulator, tmp_path: Path) -> Settings:
    return Settings(
        issuer=simulator.issuer,
        client_id="tillpass-pos",
        state_folder=tmp_path / "state",
        public_url="http://127.0.0.1:8004",
        ca_file=None,
    )


@pytest.fixture
def wire(settings: Settings, clock: Clock, http: HttpClient) -> Callable[[], Wired]:
    """Put the parts together, as each start of a process does."""
    return lambda: wire_up(settings, now=clock.now, wait=clock.wait, http=http)


@pytest.fixture
def wire_at_once(settings: Settings, clock: Clock, http: HttpClient) -> Callable[[], Wired]:
    """As `wire`, for threads that meet: waiting lets the others run."""
    return lambda: wire_up(settings, now=clock.now, wait=lambda _seconds: Event().wait(0.005), http=http)


@pytest.fixture
def wired(wire: Callable[[], Wired]) -> Wired:
    return wire()


@pytest.fixture
def device_license(wired: Wired) -> DeviceLicense:
    return wired.device_license


@pytest.fixture
def licensed(device_license: DeviceLicense, simulator: IssuerSimulator) -> DeviceLicense:
    device_license.start()
    simulator.approve()
    device_license.complete()
    simulator.requests.clear()
    return device_license


class Browser(FlaskClient):
    """A browser at the page's own address."""

    def open(self, *args: Any, **options: Any) -> TestResponse:
        options.setdefault("base_url", "http://127.0.0.1:8004")
        return super().open(*args, **options)


@pytest.fixture
def browser(wired: Wired) -> FlaskClient:
    app = create_app(wired)
    app.testing = False  # errors become pages, as in use
    app.test_client_class = Browser
    return app.test_client()
