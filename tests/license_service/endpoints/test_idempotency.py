"""`Idempotency-Key` at the API: every POST of the document takes it (F47, T44, T57)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from license_service.domain.idempotent_post import LONGEST_WORK
from wire.scopes import LICENSES_WRITE

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

KEY = "8e03978e-40d5-43dd-bc93-6894a57f9324"
SIGNED = {
    "organization_id": "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11",
    "number": "2026-0417",
    "signed_on": "2026-05-28",
}
LISTED = f"/v1/agreements?organization_id={SIGNED['organization_id']}"


def post(service: FlaskClient, key: str | None = KEY, body: Any = SIGNED, **headers: str) -> TestResponse:
    given = headers if key is None else {"Idempotency-Key": key, **headers}
    return service.post("/v1/agreements", json=body, headers=given)


def test_every_post_takes_it_and_says_so(client: FlaskClient) -> None:
    document = client.get("/openapi.json").get_json()
    posts = {path: item["post"] for path, item in document["paths"].items() if "post" in item}

    assert posts
    for path, operation in posts.items():
        assert "Idempotency-Key" in [each["name"] for each in operation["parameters"]], path
        refusals = [operation["responses"][status]["content"] for status in ("409", "422")]
        under_way, reused = (set(each["application/problem+json"]["examples"]) for each in refusals)
        assert "request_under_way" in under_way, path
        assert {"idempotency_key_reused", "invalid_fields"} <= reused, path


def test_a_repeated_post_is_done_once_and_answered_the_same(service: FlaskClient) -> None:
    """F47."""
    first, again = post(service), post(service)

    assert first.status_code == again.status_code == 201
    assert again.data == first.data
    assert again.headers["Location"] == first.headers["Location"]
    assert again.content_type == first.content_type
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"


def test_without_a_key_what_may_be_once_is_once(service: FlaskClient) -> None:
    """F47: natural keys prevent doubles."""
    first, again = post(service, None), post(service, None)

    assert (first.status_code, again.status_code) == (201, 409)


def test_the_key_may_stand_in_quotes(service: FlaskClient) -> None:
    first, again = post(service), post(service, f'"{KEY}"')

    assert again.data == first.data


@pytest.mark.parametrize("body", [{**SIGNED, "number": "2026-0418"}, {**SIGNED, "signed_on": "2026-05-29"}])
def test_the_key_with_another_body_is_refused_by_name(service: FlaskClient, body: dict[str, Any]) -> None:
    """F47."""
    post(service)

    answer = post(service, body=body)

    assert (answer.status_code, answer.get_json()["code"]) == (422, "idempotency_key_reused")
    assert list(answer.get_json()["errors"]) == ["Idempotency-Key"]


def test_the_key_at_another_address_is_refused(service: FlaskClient) -> None:
    post(service)

    answer = service.post(
        "/v1/components", json={"code": "kds", "name": "Kitchen display"}, headers={"Idempotency-Key": KEY}
    )

    assert (answer.status_code, answer.get_json()["code"]) == (422, "idempotency_key_reused")


def test_while_the_first_is_under_way_the_second_is_a_conflict(
    service: FlaskClient, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F07: the process that did the first is dead; a minute later the request is taken up."""

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("license_service.endpoints.agreements.record_agreement", dies)
        patch.setattr("license_service.actions.answer_once._give_up", lambda *_: None)
        with pytest.raises(KeyboardInterrupt):
            post(service)

    conflict = post(service)
    clock.now += LONGEST_WORK
    later = post(service)

    assert (conflict.status_code, conflict.get_json()["code"]) == (409, "request_under_way")
    assert later.status_code == 201


def test_a_refusal_is_answered_the_same_again(service: FlaskClient) -> None:
    post(service, None)

    refused, again = post(service), post(service)

    assert (refused.status_code, refused.get_json()["code"]) == (409, "agreement_number_taken")
    assert (again.status_code, again.data, again.content_type) == (409, refused.data, "application/problem+json")
    assert again.headers["Idempotent-Replayed"] == "true"


def test_a_body_that_is_wrong_may_be_mended_under_the_same_key(service: FlaskClient) -> None:
    wrong = post(service, body={**SIGNED, "signed_on": "soon"})
    mended = post(service)

    assert (wrong.status_code, mended.status_code) == (422, 201)


def test_our_trouble_is_not_kept(service: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """A 5xx did nothing: the same request is done when it comes again."""

    def breaks(*_: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr("license_service.endpoints.agreements.record_agreement", breaks)
        broken = post(service)

    assert (broken.status_code, post(service).status_code) == (500, 201)


@pytest.mark.parametrize(
    "key", ["", "short", "x" * 15, "x" * 129, f'"{KEY}', f"{KEY} {KEY}", "ключ" * 8, f"{KEY},{KEY}"]
)
def test_a_malformed_key_is_refused_by_name(service: FlaskClient, key: str) -> None:
    answer = post(service, key.encode().decode("latin-1"))

    assert (answer.status_code, answer.get_json()["code"]) == (422, "invalid_fields")
    assert list(answer.get_json()["errors"]) == ["Idempotency-Key"]
    assert service.get(LISTED).get_json()["items"] == []


def test_another_caller_s_key_is_another_one(client: FlaskClient, service: FlaskClient, issuer: Any) -> None:
    """T44: nobody is shown another's answer."""
    post(service)
    other = issuer.token(LICENSES_WRITE, client_id="other")

    answer = post(client, Authorization=f"Bearer {other}")

    assert (answer.status_code, answer.get_json()["code"]) == (409, "agreement_number_taken")


def test_without_the_scope_no_answer_is_shown(client: FlaskClient, service: FlaskClient, issuer: Any) -> None:
    """The token is judged before the key."""
    post(service)

    assert post(client).status_code == 401
    assert post(client, Authorization=f"Bearer {issuer.token('licenses.read')}").status_code == 403
