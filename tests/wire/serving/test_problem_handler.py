"""How a request ends that does not end well (RFC 9457, RFC 9110 §15; T48, T49)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask

from wire.problem import PROBLEM_TYPE
from wire.serving.problem_handler import install_problem_handler
from wire.serving.request_body import LARGEST_BODY, MOST_FORM_PARTS

if TYPE_CHECKING:
    from flask.testing import FlaskClient


def assert_is_problem(answer: Any, status: int, code: str) -> None:
    assert (answer.status_code, answer.json["status"], answer.json["code"]) == (status, status, code)
    assert answer.content_type == PROBLEM_TYPE
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json["title"]
    assert answer.json["detail"]


def test_our_own_problem_comes_as_it_was_raised(client: FlaskClient) -> None:
    answer = client.get("/problem")

    assert_is_problem(answer, 409, "no_seat_free")
    assert answer.json["errors"] == {"seats": ["None is free."]}
    assert "WWW-Authenticate" not in answer.headers


def test_challenge_comes_along(client: FlaskClient) -> None:
    assert client.get("/challenge").headers["WWW-Authenticate"] == "Bearer"


def test_unknown_path_is_not_found(client: FlaskClient) -> None:
    assert_is_problem(client.get("/nothing/here"), 404, "not_found")


def test_wrong_method_is_told_the_right_ones(client: FlaskClient) -> None:
    """RFC 9110 §15.5.6: Allow is a MUST."""
    answer = client.delete("/words/a")

    assert_is_problem(answer, 405, "method_not_allowed")
    assert {name.strip() for name in answer.headers["Allow"].split(",")} == {"GET", "HEAD", "OPTIONS", "PUT"}


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff\xfe", b"{'a': 1}", b"[" * 60_000, b"9" * 5000, b'{"a":' * 10_000],
    ids=["nothing", "half", "not UTF-8", "single quotes", "a bomb", "a number of 5000 digits", "a bomb of objects"],
)
def test_bad_json_is_the_caller_s_fault(body: bytes, client: FlaskClient) -> None:
    """T49: a 4xx with a clear text, never a 5xx."""
    assert_is_problem(client.post("/json", data=body, content_type="application/json"), 400, "bad_request")


def test_body_that_is_not_json_is_of_an_unsupported_type(client: FlaskClient) -> None:
    assert_is_problem(client.post("/json", data="a=1", content_type="text/plain"), 415, "unsupported_media_type")


def test_body_of_the_largest_size_is_taken(client: FlaskClient) -> None:
    body = json.dumps("x" * (LARGEST_BODY - 2))

    assert client.post("/json", data=body, content_type="application/json").status_code == 200


@pytest.mark.parametrize("content_type", ["application/json", "application/x-www-form-urlencoded"])
def test_body_over_the_limit_is_too_large(content_type: str, client: FlaskClient) -> None:
    """T48."""
    path = "/json" if content_type == "application/json" else "/form"

    answer = client.post(path, data=b"x" * (LARGEST_BODY + 1), content_type=content_type)

    assert_is_problem(answer, 413, "request_entity_too_large")


def test_form_of_very_many_parts_is_too_large(client: FlaskClient) -> None:
    """T48."""

    def form(parts: int) -> dict[str, Any]:
        return {"data": {f"f{number}": "1" for number in range(parts)}, "content_type": "multipart/form-data"}

    assert client.post("/form", **form(MOST_FORM_PARTS)).status_code == 200
    assert_is_problem(client.post("/form", **form(MOST_FORM_PARTS + 1)), 413, "request_entity_too_large")


@pytest.mark.parametrize("path", ["/unreachable", "/keys", "/store"])
def test_thing_that_does_not_answer_is_a_503_with_retry_after(path: str, client: FlaskClient) -> None:
    """F19, F28: our trouble, told without saying whose."""
    answer = client.get(path)

    assert_is_problem(answer, 503, "temporarily_unavailable")
    assert answer.headers["Retry-After"] == "5"
    assert not any(word in answer.text for word in ("10.0.0.7", "hunter2", "keys"))


def test_our_defect_says_nothing_but_the_request_s_id(client: FlaskClient) -> None:
    """T49."""
    answer = client.get("/defect", headers={"X-Request-ID": "request-7"})

    assert_is_problem(answer, 500, "internal_error")
    assert answer.json["detail"] == "Our fault. Quote this id to us: request-7"
    assert not any(word in answer.text for word in ("hunter2", "RuntimeError", "Traceback", "conftest"))


def test_our_defect_is_in_the_log(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    client.get("/defect")

    [record] = [record for record in caplog.records if record.message == "unexpected error"]
    assert record.exc_info is not None
    assert record.exc_info[0] is RuntimeError


def test_reason_of_a_503_is_in_the_log(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    client.get("/unreachable")

    [record] = [record for record in caplog.records if record.message == "unavailable"]
    assert record.reason == "No answer from http://10.0.0.7:8002."


def test_defect_without_a_request_log_has_no_id_to_name() -> None:
    app = Flask("bare")
    install_problem_handler(app)
    app.add_url_rule("/", view_func=lambda: 1 // 0)

    assert app.test_client().get("/").json["detail"].endswith(": -")


@pytest.mark.parametrize(
    ("path", "status", "code", "wait"),
    [("/limited", 429, "too_many_requests", "7"), ("/busy", 503, "service_unavailable", "9")],
)
def test_werkzeug_s_own_errors_keep_their_retry_after(
    path: str, status: int, code: str, wait: str, client: FlaskClient
) -> None:
    answer = client.get(path)

    assert_is_problem(answer, status, code)
    assert answer.headers["Retry-After"] == wait


def test_werkzeug_s_own_challenge_is_kept(client: FlaskClient) -> None:
    """RFC 9110 §15.5.2: a 401 MUST carry one."""
    answer = client.get("/locked")

    assert_is_problem(answer, 401, "unauthorized")
    assert answer.headers["WWW-Authenticate"] == "Basic realm=x"


def test_any_other_status_is_a_problem_too(client: FlaskClient) -> None:
    assert_is_problem(client.get("/nameless"), 418, "i'm_a_teapot")


def test_error_without_words_is_called_by_its_name(client: FlaskClient) -> None:
    answer = client.get("/unpaid")

    assert_is_problem(answer, 402, "payment_required")
    assert answer.json["detail"] == "Payment Required"


@pytest.mark.parametrize("path", ["/%00", "/%ff%fe", "/%0d%0aX: y", "/" + "a" * 5000, "/..%2f..%2fetc/passwd"])
def test_odd_path_is_not_found(path: str, client: FlaskClient) -> None:
    assert_is_problem(client.get(path), 404, "not_found")


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "service.example.evil.example",
        "service.example:abc",
        "[::1",
        " service.example",
        "a b",
        "\xe9",
    ],
    ids=repr,
)
def test_unknown_host_is_the_caller_s_fault(host: str, app: Flask) -> None:
    """T40: Flask's own check, however malformed the name is."""
    app.config["TRUSTED_HOSTS"] = ["service.example"]

    for path in ("/words/a", "/nothing"):
        assert_is_problem(app.test_client().get(path, environ_overrides={"HTTP_HOST": host}), 400, "bad_request")


def test_untidy_path_is_not_there_and_leads_nowhere(app: Flask) -> None:
    """T40: not to the port that the request names, nor from https to http."""
    answer = app.test_client().get("/words//a", environ_overrides={"HTTP_HOST": "service.example:9999"})

    assert_is_problem(answer, 404, "not_found")
    assert "Location" not in answer.headers


def test_unknown_host_is_not_repeated(app: Flask) -> None:
    """T16: fixed sentences, no input."""
    app.config["TRUSTED_HOSTS"] = ["service.example"]

    answer = app.test_client().get("/words/a", environ_overrides={"HTTP_HOST": "evil.example"})

    assert answer.json["detail"] == "The Host of the request is not ours."


def test_head_has_no_body_and_the_same_status(client: FlaskClient) -> None:
    answer = client.head("/nothing")

    assert (answer.status_code, answer.data) == (404, b"")
