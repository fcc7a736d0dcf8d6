"""The documents before Flask are Flask's to the byte, and new when they changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from auth_service.actions.create_signing_key import create_signing_key
from auth_service.app import create_app
from auth_service.tokens.signing_keys import LOOK_AGAIN_SECONDS

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.test import TestResponse

    from tests.doubles.auth_house import House

PATHS = ("/.well-known/oauth-authorization-server", "/.well-known/jwks.json")
BASE = "http://127.0.0.1:8001"


@pytest.fixture
def plain(house: House, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """The service without them."""
    with monkeypatch.context() as patched:
        patched.setattr("auth_service.app.ReadyDocuments", lambda _app, application, _versions: application)
        return create_app(house.wired)


def said(answer: TestResponse) -> tuple[int, list[tuple[str, str]], bytes]:
    return answer.status_code, answer.headers.to_wsgi_list(), answer.data


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "request_like",
    [
        {},
        {"headers": {"X-Request-ID": "a b"}},
        {"query_string": "x=1"},
        {"method": "HEAD"},
        {"method": "POST", "data": {"a": "b"}},
        {"method": "OPTIONS"},
        {"method": "DELETE"},
        {"data": b"body"},
        {"headers": {"If-None-Match": "*"}},
        {"headers": {"If-None-Match": '"x"'}},
        {"headers": {"Range": "bytes=0-3"}},
        {"base_url": "http://evil.example"},
        {"base_url": "http://localhost"},
    ],
)
def test_every_request_is_answered_as_flask_would(
    house: House, plain: Flask, path: str, request_like: dict[str, Any]
) -> None:
    """T40 among them: a Host that is not ours is refused."""
    wanted = {"method": "GET", "base_url": BASE, "headers": {"X-Request-ID": "7"}, **request_like}

    answers = [app.test_client().open(path, **wanted) for app in (house.app, plain)]

    if "X-Request-ID" in wanted["headers"] and wanted["headers"]["X-Request-ID"] != "7":
        assert len({answer.headers.pop("X-Request-ID") for answer in answers}) == 2
    elif "X-Request-ID" not in wanted["headers"]:
        for answer in answers:
            del answer.headers["X-Request-ID"]
    assert said(answers[0]) == said(answers[1])


def test_a_new_key_is_published_in_the_next_answer(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """T30: the document is made anew as soon as the keys are read anew."""
    before = house.web().get(PATHS[1], base_url=BASE).json["keys"]
    create_signing_key(house.wired.key_vault, now=house.clock())
    monkeypatch.setattr(house.wired.keys, "_look_again_at", 0.0)

    after = house.web().get(PATHS[1], base_url=BASE).json["keys"]

    assert len(after) == len(before) + 1
    assert LOOK_AGAIN_SECONDS <= 5
