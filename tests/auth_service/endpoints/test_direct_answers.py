"""The direct way is a shorter way to the same answer: with it and without it, the two endpoints say the same."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
import structlog
from flask import Flask
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy.exc import OperationalError

from auth_service.app import create_app
from auth_service.domain.errors import TooManyRequestsError
from database.errors import DatabaseUnavailableError
from tests.doubles.raw_wsgi import FORM, Sent, ask
from wire.grant_types import CLIENT_CREDENTIALS, DEVICE_CODE, REFRESH_TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.doubles.auth_house import House

TOKEN = "/oauth/token"
DEVICE_AUTHORIZATION = "/oauth/device_authorization"


def sent(path: str, form: dict[str, str], **environ: str) -> Sent:
    return Sent(urlencode(form).encode(), {"PATH_INFO": path, **environ})


@dataclass
class Ways:
    """One service, asked both ways."""

    direct: Flask
    through_flask: Flask

    def check(self, request: Sent) -> tuple[str, list[tuple[str, str]], bytes]:
        """Ask what changes nothing both ways, and give the one answer."""
        answers = [ask(app, request.environment("CODE")) for app in (self.through_flask, self.direct)]
        assert answers[0] == answers[1]
        return answers[1]


@pytest.fixture
def ways(house: House, monkeypatch: pytest.MonkeyPatch) -> Ways:
    with monkeypatch.context() as patched:
        patched.setattr("auth_service.app.DirectAnswers", lambda app, _server: app.wsgi_app)
        return Ways(direct=house.app, through_flask=create_app(house.wired))


@contextmanager
def flask_untouched(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patched:
        patched.setattr(Flask, "request_context", lambda *_: pytest.fail("Flask was entered."))
        yield


def kind_of(answer: tuple[str, list[tuple[str, str]], bytes]) -> tuple[str, list[tuple[str, str]], list[str]]:
    """What two answers with other secrets in them have in common; both are as long as they say."""
    status, headers, body = answer
    assert dict(headers)["Content-Length"] == str(len(body))
    return status, [header for header in headers if header[0] != "Content-Length"], sorted(json.loads(body))


def test_a_device_s_whole_life_is_answered_without_flask(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """RFC 8628 §3.1 to §3.5, RFC 6749 §6."""
    # Flask shapes the frame of each kind of answer the first time.
    house.refresh(house.tokens()["refresh_token"])
    with flask_untouched(monkeypatch):
        asked = ask(house.app, sent(DEVICE_AUTHORIZATION, {"client_id": "tillpass-pos"}).environment(""))
    codes = json.loads(asked[2])
    assert house.decide(codes["user_code"]).status_code == 303
    with flask_untouched(monkeypatch):
        redeemed = ask(house.app, sent(TOKEN, poll_form(codes["device_code"])).environment(""))
        token = json.loads(redeemed[2])["refresh_token"]
        refreshed = ask(house.app, sent(TOKEN, refresh_form(token)).environment(""))

    assert [answer[0] for answer in (asked, redeemed, refreshed)] == ["200 OK"] * 3


def test_what_is_issued_is_shaped_as_flask_shapes_it(house: House, ways: Ways) -> None:
    issued = {}
    for name, app in vars(ways).items():
        asked = ask(app, sent(DEVICE_AUTHORIZATION, {"client_id": "tillpass-pos"}).environment(""))
        codes = json.loads(asked[2])
        assert house.decide(codes["user_code"]).status_code == 303
        redeemed = ask(app, sent(TOKEN, poll_form(codes["device_code"])).environment(""))
        refreshed = ask(app, sent(TOKEN, refresh_form(json.loads(redeemed[2])["refresh_token"])).environment(""))
        issued[name] = [kind_of(answer) for answer in (asked, redeemed, refreshed)]

    assert issued["direct"] == issued["through_flask"]
    for _, headers, _ in issued["direct"]:
        assert dict(headers)["Cache-Control"] == "no-store"
        assert dict(headers)["Content-Type"] == "application/json"


def poll_form(device_code: str, **more: str) -> dict[str, str]:
    return {"grant_type": DEVICE_CODE, "client_id": "tillpass-pos", "device_code": device_code, **more}


def refresh_form(refresh_token: str, **more: str) -> dict[str, str]:
    return {"grant_type": REFRESH_TOKEN, "client_id": "tillpass-pos", "refresh_token": refresh_token, **more}


REFUSED = {
    "an unknown client": sent(DEVICE_AUTHORIZATION, {"client_id": "nobody"}),
    "no client": sent(DEVICE_AUTHORIZATION, {"scope": "license"}),
    "a client without the grant": sent(DEVICE_AUTHORIZATION, {"client_id": "scripts", "client_secret": "x"}),
    "a scope that is not the client's": sent(
        DEVICE_AUTHORIZATION, {"client_id": "tillpass-pos", "scope": "licenses.read"}
    ),
    "a broken thumbprint": sent(DEVICE_AUTHORIZATION, {"client_id": "tillpass-pos", "dpop_jkt": "short"}),
    "a broken proof": sent(DEVICE_AUTHORIZATION, {"client_id": "tillpass-pos"}, HTTP_DPOP="x.y.z"),
    "a method without a challenge": sent(
        DEVICE_AUTHORIZATION, {"client_id": "tillpass-pos", "code_challenge_method": "S256"}
    ),
    "an unknown grant type": sent(TOKEN, {"grant_type": "password", "client_id": "tillpass-pos"}),
    "no grant type": sent(TOKEN, {"client_id": "tillpass-pos"}),
    "an unknown device code": sent(TOKEN, poll_form("y" * 43)),
    "an unknown refresh token": sent(TOKEN, refresh_form("y" * 91)),
    "no refresh token": sent(TOKEN, {"grant_type": REFRESH_TOKEN, "client_id": "tillpass-pos"}),
    "a wrong secret": sent(TOKEN, {"grant_type": CLIENT_CREDENTIALS, "client_id": "scripts", "client_secret": "wrong"}),
    "Basic that is wrong": sent(TOKEN, {"grant_type": CLIENT_CREDENTIALS}, HTTP_AUTHORIZATION="Basic c2NyaXB0czp4"),
    "Basic that is none": sent(TOKEN, {"grant_type": CLIENT_CREDENTIALS}, HTTP_AUTHORIZATION="Basic \xff"),
    "two methods": sent(
        TOKEN,
        {"grant_type": CLIENT_CREDENTIALS, "client_id": "scripts", "client_secret": "x"},
        HTTP_AUTHORIZATION="Basic c2NyaXB0czp4",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_is_the_same_in_every_byte(ways: Ways, name: str) -> None:
    """RFC 6749 §5.2."""
    status, headers, body = ways.check(REFUSED[name])

    assert status[:3] in {"400", "401"}
    assert "error" in json.loads(body)
    assert dict(headers)["X-Request-ID"] == "7"


SPELLINGS = {
    "GET": {"REQUEST_METHOD": "GET"},
    "a query": {"QUERY_STRING": "a=b"},
    "another type": {"CONTENT_TYPE": "text/plain"},
    "no type": {"CONTENT_TYPE": "ABSENT"},
    "a foreign host": {"HTTP_HOST": "evil.example"},
    "no host": {"HTTP_HOST": "ABSENT"},
    "a body that ends early": {"CONTENT_LENGTH": "1000"},
    "a body cut short": {"CONTENT_LENGTH": "20"},
    "a length that is none": {"CONTENT_LENGTH": "x"},
    "chunks": {"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": "ABSENT"},
    "a slash more": {"PATH_INFO": "/oauth/token/"},
}


@pytest.mark.parametrize("name", SPELLINGS)
def test_what_is_not_plain_is_flask_s_to_answer(ways: Ways, name: str) -> None:
    """T48, T50."""
    ways.check(sent(TOKEN, refresh_form("y" * 91), **SPELLINGS[name]))


names = st.sampled_from(["grant_type", "client_id", "device_code", "refresh_token", "client_secret", "scope", "x", ""])
values = st.one_of(
    st.sampled_from(["tillpass-pos", "scripts", DEVICE_CODE, REFRESH_TOKEN, CLIENT_CREDENTIALS, "license", ""]),
    st.text(max_size=20),
)


@hypothesis_settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(names, values), max_size=6),
    st.sampled_from([FORM, f"{FORM}; charset=UTF-8", "text/plain"]),
    st.sampled_from([b"%3A", b"%3a", b":", b"%253A"]),
)
def test_any_form_is_answered_the_same(
    ways: Ways, form: list[tuple[str, str]], content_type: str, colon: bytes
) -> None:
    """T48, T50."""
    body = urlencode(form).encode().replace(b"%3A", colon)
    ways.check(Sent(body, {"PATH_INFO": TOKEN, "CONTENT_TYPE": content_type}))


@pytest.mark.parametrize("fault", [DatabaseUnavailableError("gone"), OperationalError("x", None, ValueError("y"))])
def test_trouble_of_ours_is_said_as_flask_says_it(
    house: House, ways: Ways, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    """F28: 503 with Retry-After where something is away, 500 with the request's id for a defect."""

    def fail(*_: Any, **__: Any) -> None:
        raise fault

    monkeypatch.setattr("auth_service.endpoints.device_authorization.request_device_authorization", fail)

    status, headers, body = ways.check(sent(DEVICE_AUTHORIZATION, {"client_id": "tillpass-pos"}))

    away = isinstance(fault, DatabaseUnavailableError)
    assert status[:3] == ("503" if away else "500")
    assert ("Retry-After" in dict(headers)) is away
    assert away or b"Quote this id to us: 7" in body


def test_who_asks_too_often_is_told_when_to_come_back(ways: Ways, monkeypatch: pytest.MonkeyPatch) -> None:
    """T17."""

    def refuse(*_: Any, **__: Any) -> None:
        raise TooManyRequestsError(9)

    monkeypatch.setattr("auth_service.endpoints.device_authorization.request_device_authorization", refuse)

    status, headers, _ = ways.check(sent(DEVICE_AUTHORIZATION, {"client_id": "tillpass-pos"}))

    assert status[:3] == "429"
    assert dict(headers)["Retry-After"] == "9"


def test_the_log_has_the_same_line(ways: Ways, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="auth_service")

    ways.check(REFUSED["an unknown refresh token"])

    through_flask, direct = (record.msg for record in caplog.records if record.name == "auth_service")
    assert through_flask.event == direct.event == "request"
    assert _without_time(direct.members) == _without_time(through_flask.members)
    assert direct.members["request_id"] == "7"


def _without_time(members: Any) -> dict[str, Any]:
    return {name: value for name, value in members.items() if name != "milliseconds"}


def test_a_request_has_one_id_wherever_it_is_named(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """In what is logged meanwhile, in the answer's head, and in the sentence that asks for it."""
    house.ask_codes()
    seen: list[dict[str, Any]] = []

    def fail(*_: Any, **__: Any) -> None:
        seen.append(structlog.contextvars.get_contextvars())
        raise ArithmeticError

    monkeypatch.setattr("auth_service.endpoints.device_authorization.request_device_authorization", fail)
    unnamed = sent(DEVICE_AUTHORIZATION, {"client_id": "tillpass-pos"}, HTTP_X_REQUEST_ID="ABSENT")

    _, headers, body = ask(house.app, unnamed.environment(""))

    request_id = dict(headers)["X-Request-ID"]
    assert seen == [{"request_id": request_id}]
    assert f"Quote this id to us: {request_id}" in body.decode()


def test_the_next_request_of_the_thread_inherits_no_id(house: House) -> None:
    house.ask_codes()

    ask(house.app, sent(DEVICE_AUTHORIZATION, {"client_id": "tillpass-pos"}).environment(""))

    assert structlog.contextvars.get_contextvars() == {}
