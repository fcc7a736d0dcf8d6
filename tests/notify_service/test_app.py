from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from notify_service.app import create_app
from notify_service.settings import load_settings
from notify_service.wiring import wire_up

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask.testing import FlaskClient


@pytest.fixture
def client(settings_given: dict[str, str]) -> Iterator[FlaskClient]:
    wired = wire_up(load_settings(settings_given))
    yield create_app(wired).test_client()
    wired.database.close()


@pytest.mark.parametrize("host", ["notify.example", "notify.example:8003", "127.0.0.1:8003", "localhost"])
def test_our_own_names_are_answered(client: FlaskClient, host: str) -> None:
    assert client.get("/healthz", headers={"Host": host}).get_json() == {"status": "alive"}


@pytest.mark.parametrize("host", ["evil.example", "notify.example.evil.example", ""])
def test_another_host_is_refused(client: FlaskClient, host: str) -> None:
    """T40."""
    answer = client.get("/healthz", headers={"Host": host})

    assert answer.status_code == 400
    assert answer.content_type == "application/problem+json"


def test_readiness_names_what_is_away_and_does_not_ask_the_mail_server(client: FlaskClient) -> None:
    """Nobody listens at the settings' Redis, nor at their mail server."""
    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.get_json() == {"status": "not ready", "checks": {"database": "ok", "redis": "unavailable"}}


def test_a_request_id_is_taken_and_given_back(client: FlaskClient) -> None:
    assert client.get("/nowhere", headers={"X-Request-ID": "abc-1"}).headers["X-Request-ID"] == "abc-1"


def test_a_large_body_is_refused(client: FlaskClient) -> None:
    """T48."""
    assert client.post("/v1/notifications", data=b"x" * 100_000).status_code in {405, 413}
