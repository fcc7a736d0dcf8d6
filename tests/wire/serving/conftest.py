"""A small service, as each of ours is put together, with a route for each way in which a request can end."""

from __future__ import annotations

import io
import json
import logging
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import structlog
from flask import Flask, abort, request
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import HTTPException, ServiceUnavailable, TooManyRequests, Unauthorized

from wire.dpop import DpopVerifier
from wire.dpop_nonces import DpopNonces
from wire.errors import KeysUnavailableError, UnreachableError
from wire.serving.bearer import BearerGuard, caller
from wire.serving.logs import configure_logs
from wire.serving.problem_handler import ProblemError, install_problem_handler
from wire.serving.replay_memory import ProcessReplayMemory
from wire.serving.request_id import install_request_log

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask.testing import FlaskClient

    from wire.token_verification import TokenVerifier


class StoreAwayError(Exception):
    """What this service's own store raises when it does not answer."""


class PaymentRequired(HTTPException):
    """An error of HTTP that says nothing of its own."""

    code = 402


def _raising(error: Exception) -> Any:
    def view() -> None:
        raise error

    return view


@pytest.fixture
def app(verifier: TokenVerifier) -> Flask:
    app = Flask("small_service")
    proofs = DpopVerifier(memory=ProcessReplayMemory(), now=lambda: datetime.now(UTC), nonces=DpopNonces(b"k" * 32))
    guard = BearerGuard(verifier, proofs, "https://small.example")
    install_problem_handler(app, unavailable=(StoreAwayError,))
    install_request_log(app, "small_service")

    @app.route("/guarded", methods=["GET", "POST"])
    @guard.requires("license")
    def guarded() -> dict[str, Any]:
        return caller().payload()

    @app.get("/for-services")
    @guard.requires("entitlements")
    def for_services() -> dict[str, Any]:
        return caller().payload()

    @app.get("/for-both")
    @guard.requires("licenses.read", "license")
    def for_both() -> dict[str, Any]:
        return caller().payload()

    @app.post("/json")
    def take_json() -> dict[str, Any]:
        return {"taken": request.get_json()}

    @app.post("/form")
    def take_form() -> dict[str, Any]:
        return {"taken": request.form.to_dict()}

    @app.route("/words/<name>", methods=["GET", "PUT"])
    def words(name: str) -> dict[str, Any]:
        return {"name": name, "asked": request.args.to_dict()}

    errors: dict[str, Exception] = {
        "problem": ProblemError(409, "no_seat_free", "All seats are taken.", errors={"seats": ["None is free."]}),
        "challenge": ProblemError(401, "missing_token", "Send a token.", headers=[("WWW-Authenticate", "Bearer")]),
        "unreachable": UnreachableError("No answer from http://10.0.0.7:8002."),
        "keys": KeysUnavailableError("The issuer's keys cannot be had at the moment."),
        "store": StoreAwayError("password=hunter2"),
        "defect": RuntimeError("password=hunter2"),
        "limited": TooManyRequests(retry_after=7),
        "busy": ServiceUnavailable(retry_after=9),
        "locked": Unauthorized(www_authenticate=WWWAuthenticate("Basic", {"realm": "x"})),
        "unpaid": PaymentRequired(),
    }
    for name, error in errors.items():
        app.add_url_rule(f"/{name}", name, _raising(error))
    app.add_url_rule("/nameless", "nameless", lambda: abort(418))
    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """Set up logging as a process of ours does; give what was logged, each line of which must be one JSON object."""
    authlib = logging.getLogger("authlib")
    before = authlib.level
    written = io.StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    configure_logs()
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    authlib.setLevel(before)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
