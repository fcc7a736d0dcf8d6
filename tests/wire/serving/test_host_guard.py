"""Whose Host is taken (T40)."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask, request

from wire.problem import PROBLEM_TYPE
from wire.serving.health import health_routes
from wire.serving.host_guard import HostGuard


def _asked(public_url: str, host: str | None, path: str = "/") -> Any:
    app = Flask("small_service")
    app.register_blueprint(health_routes({}))
    app.add_url_rule("/", view_func=lambda: {"host": request.host})
    app.wsgi_app = HostGuard(app.wsgi_app, public_url)  # type: ignore[method-assign]
    client = app.test_client()
    return client.get(path, environ_overrides={"HTTP_HOST": host} if host is not None else {"HTTP_HOST": ""})


@pytest.mark.parametrize(
    ("public_url", "host"),
    [
        ("http://127.0.0.1:8001", "127.0.0.1:8001"),
        ("https://auth.example", "auth.example"),
        ("https://auth.example", "auth.example:443"),
        ("https://auth.example", "AUTH.example"),
        ("https://auth.example:443", "auth.example"),
        ("http://auth.example:80/", "auth.example"),
        ("http://[::1]:8001", "[::1]:8001"),
    ],
)
def test_own_host_is_taken(public_url: str, host: str) -> None:
    assert _asked(public_url, host).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        None,
        "evil.example",
        "auth.example.evil.example",
        "auth.example:80",
        "auth.example:8001",
        "auth.example:abc",
        "auth.example:",
        "auth.example:443:443",
        "auth.example, evil.example",
        "evil.example@auth.example",
        "auth.example\x00",
        " auth.example",
        "[::1",
        "auth.exampl\xe9",
    ],
    ids=repr,
)
@pytest.mark.parametrize("path", ["/", "/nothing"])
def test_other_host_is_refused_with_a_problem(host: str | None, path: str) -> None:
    answer = _asked("https://auth.example", host, path)

    assert (answer.status_code, answer.json["code"], answer.content_type) == (400, "unknown_host", PROBLEM_TYPE)
    assert answer.headers["Cache-Control"] == "no-store"
    assert "evil" not in answer.text


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
@pytest.mark.parametrize("host", [None, "10.0.0.7:8001", "auth.example:abc", "[::1"], ids=repr)
def test_health_is_told_to_whoever_asks(host: str | None, path: str) -> None:
    """A load balancer knows an address and no name."""
    assert _asked("https://auth.example", host, path).status_code == 200
