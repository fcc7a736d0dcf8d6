"""The id of a request and its one log line (T55, T66)."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any

import pytest
import structlog
from flask import Flask, abort

from wire.serving.request_id import install_request_log

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.testing import FlaskClient

    Log = Callable[[], list[dict[str, Any]]]

MADE_ID = re.compile(r"[0-9a-f]{32}")


@pytest.mark.parametrize("offered", ["7", "a-b_c.D", "x" * 64])
def test_good_id_is_taken_and_given_back(offered: str, client: FlaskClient) -> None:
    assert client.get("/words/a", headers={"X-Request-ID": offered}).headers["X-Request-ID"] == offered


HOSTILE_IDS = ["", " ", "x" * 65, "a b", "a;b", '{"a":1}', "<script>", "é", "a\tb", "../../etc", "a%0ab", "a,b"]


@pytest.mark.parametrize("offered", HOSTILE_IDS)
def test_hostile_id_is_replaced(offered: str, client: FlaskClient) -> None:
    """T66: what a stranger writes there must not shape our log."""
    given = client.get("/words/a", headers={"X-Request-ID": offered}).headers["X-Request-ID"]

    assert MADE_ID.fullmatch(given)


def test_id_with_a_line_feed_is_replaced(client: FlaskClient) -> None:
    """No honest server lets one through; the guard does not rely on it."""
    answer = client.get("/words/a", environ_overrides={"HTTP_X_REQUEST_ID": "a\n"})

    assert MADE_ID.fullmatch(answer.headers["X-Request-ID"])


def test_each_request_gets_an_id_of_its_own(client: FlaskClient) -> None:
    given = {client.get("/words/a").headers["X-Request-ID"] for _ in range(3)}

    assert len(given) == 3


@pytest.mark.parametrize("path", ["/nothing", "/defect", "/unreachable", "/problem"])
def test_failed_request_has_an_id_too(path: str, client: FlaskClient) -> None:
    assert client.get(path, headers={"X-Request-ID": "7"}).headers["X-Request-ID"] == "7"


def test_request_is_one_line_of_json(client: FlaskClient, log: Log) -> None:
    client.put("/words/a", headers={"X-Request-ID": "7"})

    [line] = log()
    assert {name: line[name] for name in ("event", "level", "logger", "method", "path", "status", "request_id")} == {
        "event": "request",
        "level": "info",
        "logger": "small_service",
        "method": "PUT",
        "path": "/words/a",
        "status": 200,
        "request_id": "7",
    }
    assert line["milliseconds"] >= 0
    assert line["timestamp"].endswith("Z")


def test_no_input_makes_a_second_line(client: FlaskClient, log: Log) -> None:
    """T66: log injection by a path."""
    client.get('/words/a%0a{"event":"request","status":200}%0d%e2%80%a8%1b[31m')

    [line] = log()
    assert line["path"] == '/words/a\n{"event":"request","status":200}\r\u2028\x1b[31m'


def test_traceback_makes_no_second_line(client: FlaskClient, log: Log) -> None:
    client.get("/defect", headers={"X-Request-ID": "7"})

    fault, request = log()
    assert (fault["event"], fault["level"], fault["request_id"]) == ("unexpected error", "error", "7")
    assert "RuntimeError" in fault["exception"]
    assert request["status"] == 500


def test_query_body_and_headers_are_never_logged(client: FlaskClient, forge: Any, log: Log) -> None:
    """T55: a user_code in a link, a token in a header, a password in a form."""
    client.get("/words/a?user_code=BCDF-GHJK", headers={"Authorization": f"Bearer {forge.access_token()}"})
    client.post("/form", data={"password": "hunter2"})
    client.post("/json", json={"access_key": "K-E-Y"})
    client.get("/guarded", headers={"Authorization": "Bearer secret-token", "Cookie": "session=s3cret"})

    lines = log()
    written = repr(lines)
    assert len(lines) == 4
    assert not any(secret in written for secret in ("BCDF", "eyJ", "hunter2", "K-E-Y", "secret-token", "s3cret"))


def test_health_checks_are_not_logged(app: Flask, log: Log) -> None:
    app.add_url_rule("/healthz", "alive", dict)

    answers = [app.test_client().get(path) for path in ("/healthz", "/readyz")]

    assert log() == []
    assert all(answer.headers["X-Request-ID"] for answer in answers)


def test_id_of_one_request_is_not_in_what_follows(client: FlaskClient, log: Log) -> None:
    client.get("/words/a", headers={"X-Request-ID": "7"})
    logging.getLogger("later").warning("after")

    assert "request_id" not in log()[-1]
    assert structlog.contextvars.get_contextvars() == {}


def test_request_that_another_hook_has_answered_gets_an_id() -> None:
    """Whatever is asked before us, such as a limiter, may end the request."""
    app = Flask("small_service")
    app.before_request(lambda: abort(429))
    install_request_log(app, "small_service")

    answer = app.test_client().get("/words/a")

    assert answer.status_code == 429
    assert MADE_ID.fullmatch(answer.headers["X-Request-ID"])
