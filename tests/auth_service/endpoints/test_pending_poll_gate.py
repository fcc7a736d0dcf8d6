"""The gate is a shorter way to the same answer: with it and without it, every request is answered in the same bytes."""

from __future__ import annotations

import io
from base64 import b64encode
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from auth_service.actions.register_client import NewClient, register_client
from auth_service.app import create_app
from tests.doubles.raw_wsgi import FORM, Sent, ask
from wire.grant_types import DEVICE_CODE

if TYPE_CHECKING:
    from flask import Flask

    from tests.doubles.auth_house import House


def poll_form(**more: str) -> dict[str, str]:
    return {"grant_type": DEVICE_CODE, "client_id": "tillpass-pos", "device_code": "CODE", **more}


def sent(form: dict[str, str] | None = None, **environ: str) -> Sent:
    return Sent(urlencode(form or poll_form()).encode(), environ)


class Pair:
    """The same service with the gate and without it, asked in the same state of Redis."""

    def __init__(self, house: House, plain: Flask) -> None:
        self.house = house
        self.plain = plain
        self.code = house.ask_codes()["device_code"]

    def check(self, request: Sent) -> tuple[str, list[tuple[str, str]], bytes]:
        before = self._known()
        through_flask = ask(self.plain, request.environment(self.code))
        known = self._known()
        self._set(before)
        through_the_gate = ask(self.house.app, request.environment(self.code))

        assert through_the_gate == through_flask
        assert self._known() == known
        self._set(before)
        return through_the_gate

    def _known(self) -> dict[bytes, bytes]:
        redis = self.house.redis
        return {key: redis.get(key) for pattern in ("pace:*", "polled:*") for key in redis.keys(pattern)}

    def _set(self, known: dict[bytes, bytes]) -> None:
        self.house.redis.flushall()
        for key, value in known.items():
            self.house.redis.set(key, value)


@pytest.fixture
def plain(house: House, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """The service without any way but Flask's."""
    with monkeypatch.context() as patched:
        for shorter in ("PendingPollGate", "DirectAnswers"):
            patched.setattr(f"auth_service.app.{shorter}", lambda app, _server: app.wsgi_app)
        return create_app(house.wired)


@pytest.fixture
def pair(house: House, plain: Flask) -> Pair:
    return Pair(house, plain)


@pytest.fixture
def asked_flask(house: House, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What got past the gate."""
    paths: list[str] = []
    monkeypatch.setattr(
        "auth_service.endpoints.pending_poll_gate.PendingPollGate.__call__",
        _noting(paths),
    )
    return paths


def _noting(paths: list[str]) -> Any:
    from auth_service.endpoints.pending_poll_gate import PendingPollGate  # noqa: PLC0415 - the unpatched one

    original = PendingPollGate.__call__

    def call(gate: Any, environ: dict[str, Any], start_response: Any) -> Any:
        application = gate._application
        gate._application = lambda *given: paths.append(environ["PATH_INFO"]) or application(*given)
        try:
            return original(gate, environ, start_response)
        finally:
            gate._application = application

    return call


TAKEN = {
    "plain": sent(),
    "colons unescaped": Sent(
        b"grant_type=urn:ietf:params:oauth:grant-type:device_code&client_id=tillpass-pos&device_code=CODE"
    ),
    "another order": Sent(urlencode(dict(reversed(poll_form().items()))).encode()),
    "charset": sent(CONTENT_TYPE=f"{FORM};charset=UTF-8"),
    "with a verifier": sent(poll_form(code_verifier="v" * 43)),
    "with a proof": sent(HTTP_DPOP="x.y.z"),
    "by name": sent(HTTP_HOST="localhost"),
    "no request id": sent(HTTP_X_REQUEST_ID="ABSENT"),
}


@pytest.mark.parametrize("name", TAKEN)
def test_a_pending_poll_is_answered_before_flask(house: House, asked_flask: list[str], name: str) -> None:
    code = house.ask_codes()["device_code"]
    asked_flask.clear()

    first = ask(house.app, TAKEN[name].environment(code))
    second = ask(house.app, TAKEN[name].environment(code))

    assert asked_flask == []
    assert b'"authorization_pending"' in first[2]
    assert b'"slow_down"' in second[2]


# An id that is made is another each time; a proof is looked at by Flask only, and matters when the code is redeemed.
@pytest.mark.parametrize("name", [name for name in TAKEN if name not in {"no request id", "with a proof"}])
def test_the_gate_answers_in_flask_s_bytes(pair: Pair, name: str) -> None:
    status, headers, _ = pair.check(TAKEN[name])

    assert status == "400 BAD REQUEST"
    assert dict(headers)["Cache-Control"] == "no-store"
    assert dict(headers)["Pragma"] == "no-cache"
    assert dict(headers)["X-Request-ID"] == "7"


def test_slow_down_too(pair: Pair) -> None:
    """T14: RFC 8628 §3.5, the interval grows by five seconds at each early poll, on either way."""
    ask(pair.house.app, sent().environment(pair.code))

    assert b"slow_down" in pair.check(sent())[2]


def test_over_https_the_gate_demands_tls_as_flask_does(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    secure = replace(house.wired, settings=replace(house.wired.settings, issuer="https://auth.example.com"))
    request = sent(HTTP_HOST="auth.example.com")
    code = house.ask_codes()["device_code"]

    answer = ask(create_app(secure), request.environment(code))

    assert ("Strict-Transport-Security", "max-age=31536000") in answer[1]


OTHERS: dict[str, Sent] = {
    "no body": sent(CONTENT_LENGTH="0"),
    "no length": sent(CONTENT_LENGTH="ABSENT"),
    "a length that is none": sent(CONTENT_LENGTH="1e3"),
    "a negative length": sent(CONTENT_LENGTH="-5"),
    "a length in other digits": sent(CONTENT_LENGTH="\u0663"),
    "a length of a thousand digits": sent(CONTENT_LENGTH="9" * 1000),
    "chunks": sent(CONTENT_LENGTH="ABSENT", HTTP_TRANSFER_ENCODING="chunked"),
    "a body that ends early": sent(CONTENT_LENGTH="1000"),
    "a body too long": sent(poll_form(code_verifier="y" * 70_000)),
    "a long body": sent(poll_form(code_verifier="y" * 2_000)),
    "GET": sent(REQUEST_METHOD="GET"),
    "PUT": sent(REQUEST_METHOD="PUT"),
    "BREW": sent(REQUEST_METHOD="BREW"),
    "another path": sent(PATH_INFO="/oauth/token/"),
    "two slashes": sent(PATH_INFO="//oauth/token"),
    "under a prefix": sent(SCRIPT_NAME="/x"),
    "a query": sent(QUERY_STRING="client_id=tillpass-pos"),
    "JSON": Sent(b'{"grant_type": "x"}', {"CONTENT_TYPE": "application/json"}),
    "no type": sent(CONTENT_TYPE="ABSENT"),
    "multipart": sent(CONTENT_TYPE="multipart/form-data; boundary=x"),
    "a type in capitals": sent(CONTENT_TYPE=FORM.upper()),
    "another charset": sent(CONTENT_TYPE=f"{FORM}; charset=utf-16"),
    "an odd type": sent(CONTENT_TYPE="application/\xe9"),
    "a foreign host": sent(HTTP_HOST="evil.example"),
    "a host that ends like ours": sent(HTTP_HOST="127.0.0.1.evil.example"),
    "a host with an impossible port": sent(HTTP_HOST="127.0.0.1:99999"),
    "a host without a port": sent(HTTP_HOST="127.0.0.1:"),
    "a broken host": sent(HTTP_HOST="["),
    "no host": sent(HTTP_HOST="ABSENT"),
    "Basic": sent(HTTP_AUTHORIZATION="Basic dGlsbHBhc3MtcG9zOng="),
    "an empty Authorization": sent(HTTP_AUTHORIZATION=""),
    "a secret": sent(poll_form(client_secret="x")),
    "an assertion": sent(poll_form(client_assertion="x.y.z")),
    "a scope": sent(poll_form(scope="license")),
    "another grant type": sent(poll_form(grant_type="refresh_token")),
    "an unknown grant type": sent(poll_form(grant_type="x")),
    "an unknown client": sent(poll_form(client_id="nobody")),
    "a confidential client": sent(poll_form(client_id="scripts")),
    "an unknown code": sent(poll_form(device_code="y" * 43)),
    "an empty code": sent(poll_form(device_code="")),
    "an empty client": sent(poll_form(client_id="")),
    "a code and a space": sent(poll_form(device_code="CODE ")),
    "a NUL": sent(poll_form(device_code="CODE\0")),
    "a NUL where nothing is looked up": sent(poll_form(code_verifier="\0")),
    "a line feed": sent(poll_form(client_id="tillpass-pos\n")),
    "not ASCII": sent(poll_form(client_id="tillpass-pös")),
    "raw bytes": Sent(urlencode(poll_form()).encode() + b"\xff"),
    "an escaped name": Sent(urlencode(poll_form()).replace("client_id", "client%5Fid").encode()),
    "an escaped value": Sent(urlencode(poll_form()).replace("tillpass-pos", "tillpass%2Dpos").encode()),
    "an empty pair": Sent(urlencode(poll_form()).encode() + b"&"),
    "semicolons": Sent(urlencode(poll_form()).replace("&", ";").encode()),
    "nothing but a name": Sent(b"grant_type"),
    **{f"no {name}": sent({k: v for k, v in poll_form().items() if k != name}) for name in poll_form()},
    **{f"{name} twice": Sent(urlencode(poll_form()).encode() + f"&{name}=x".encode()) for name in poll_form()},
    **{
        f"{name} twice the same": Sent(urlencode([*poll_form().items(), (name, poll_form()[name])]).encode())
        for name in poll_form()
    },
}


@pytest.mark.parametrize("name", OTHERS)
def test_every_other_request_is_answered_as_without_the_gate(pair: Pair, name: str) -> None:
    """T48, T50: the catalogue of bad input holds on both ways."""
    pair.check(OTHERS[name])


def test_who_authenticates_as_another_is_answered_as_without_the_gate(pair: Pair) -> None:
    """T09: the code is this client's, the Authorization header another's."""
    basic = b64encode(f"scripts:{pair.house.client_secret}".encode()).decode()

    assert b"invalid_request" in pair.check(sent(HTTP_AUTHORIZATION=f"Basic {basic}"))[2]


names = st.sampled_from(["grant_type", "client_id", "device_code", "code_verifier", "client_secret", "scope", "x", ""])
values = st.one_of(
    st.sampled_from(["CODE", "tillpass-pos", "scripts", DEVICE_CODE, "refresh_token", ""]), st.text(max_size=20)
)
pairs_of_a_form = st.one_of(
    st.permutations(list(poll_form().items())),
    st.lists(st.tuples(names, values), max_size=6),
    st.tuples(st.just(list(poll_form().items())), st.lists(st.tuples(names, values), max_size=2)).map(
        lambda two: [*two[0], *two[1]]
    ),
)
environments = st.fixed_dictionaries(
    {},
    optional={
        "REQUEST_METHOD": st.sampled_from(["POST", "GET", "HEAD", "OPTIONS"]),
        "CONTENT_TYPE": st.sampled_from([FORM, f"{FORM}; charset=UTF-8", f"{FORM};a=b", "text/plain", "ABSENT"]),
        "CONTENT_LENGTH": st.one_of(st.integers(-1, 300).map(str), st.just("ABSENT")),
        "QUERY_STRING": st.sampled_from(["", "a=b"]),
        "HTTP_HOST": st.sampled_from(["127.0.0.1", "LOCALHOST", "localhost:1", "localhost:01", "x", "[::1]", "ABSENT"]),
        "HTTP_AUTHORIZATION": st.sampled_from(["", "Bearer x", "Basic x", "Basic c2NyaXB0czp4"]),
    },
)


@hypothesis_settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pairs_of_a_form, st.sampled_from([b"%3A", b"%3a", b":"]), environments)
@example(list(poll_form().items()), b"%3A", {})
def test_any_request_is_answered_as_without_the_gate(
    pair: Pair, form: list[tuple[str, str]], colon: bytes, environ: dict[str, str]
) -> None:
    """T48, T50."""
    pair.check(Sent(urlencode(form).encode().replace(b"%3A", colon), environ))


def test_a_confidential_client_s_code_tells_nothing_before_it_authenticates(house: House) -> None:
    """T09: "If a client has a secret/key it is required on both endpoints"."""
    secret = register_client(
        house.wired.database,
        NewClient("kiosk", "Kiosk", (DEVICE_CODE,), ("license",), is_public=False),
        now=house.clock(),
    )
    code = house.ask_codes(client_id="kiosk", client_secret=str(secret))["device_code"]
    unauthenticated = poll_form(client_id="kiosk", device_code=code)

    assert house.post("/oauth/token", unauthenticated).json["error"] == "invalid_client"
    assert house.post("/oauth/token", {**unauthenticated, "client_secret": str(secret)}).json["error"] == (
        "authorization_pending"
    )


def test_an_approval_is_not_slowed_down(house: House) -> None:
    codes = house.ask_codes()
    house.poll(codes["device_code"])
    assert house.decide(codes["user_code"]).status_code == 303

    assert house.poll(codes["device_code"]).status_code == 200


def test_pending_polls_leave_no_line_in_the_log(house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    code = house.ask_codes()["device_code"]
    caplog.clear()

    house.poll(code)

    assert caplog.records == []


def test_a_code_is_counted_once_when_flask_answers(house: House) -> None:
    """A poll that the gate passes on is no second poll: it would be told to slow down."""
    code = house.ask_codes()["device_code"]
    house.clock.pass_seconds(60)

    assert house.poll(code).json["error"] == "authorization_pending"


def test_without_redis_flask_answers(house: House) -> None:
    """F19."""
    code = house.ask_codes()["device_code"]
    house.redis_server.connected = False

    assert house.poll(code).json["error"] == "authorization_pending"


def test_a_body_that_cannot_be_read_is_refused_as_without_the_gate(pair: Pair) -> None:
    """T48."""

    class Broken(io.BytesIO):
        def read(self, *_: Any) -> bytes:
            raise OSError("reset by peer")

    environments = [{**sent().environment(pair.code), "wsgi.input": Broken()} for _ in range(2)]

    answers = [ask(app, environ) for app, environ in zip((pair.plain, pair.house.app), environments, strict=True)]

    assert answers[0] == answers[1]
    assert answers[0][0] == "400 BAD REQUEST"
