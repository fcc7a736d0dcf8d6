from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from notify_service.actions.deliver_notification import deliver_notification
from notify_service.app import create_app
from notify_service.domain.errors import RecipientRefusedError, TemporaryRefusalError
from notify_service.domain.notification import State
from notify_service.storage import notifications
from tests.notify_service.doubles import NOW, row

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from database.engine import Database
    from notify_service.actions.post_office import PostOffice
    from notify_service.wiring import Wired
    from tests.notify_service.doubles import Letterbox

PATH = "/v1/notifications"
NOBODY_S = "0b1c2d3e-4f50-4617-8829-3a4b5c6d7e8f"


def is_problem(response: TestResponse, status: int, code: str) -> bool:
    document = response.get_json()
    return (
        (response.status_code, response.content_type) == (status, "application/problem+json")
        and (document["status"], document["code"]) == (status, code)
        and response.headers["Cache-Control"] == "no-store"
    )


def test_a_queued_notification_tells_its_state_and_no_address(
    client: FlaskClient, authorization: dict[str, str], queued: Callable[..., str]
) -> None:
    """T55."""
    notification_id = queued()

    answer = client.get(f"{PATH}/{notification_id}", headers=authorization)

    assert answer.status_code == 200
    assert answer.get_json() == {
        "id": notification_id,
        "template": "device_authorized",
        "recipient": "o***@shop.example",
        "organization_id": None,
        "state": "queued",
        "attempts": 0,
        "created_at": NOW.isoformat(),
        "next_attempt_at": None,
        "sent_at": None,
        "resent_at": None,
        "fault": None,
        "smtp_answer": None,
        "resendable": False,
    }


def test_a_deferred_notification_tells_why_and_until_when(
    client: FlaskClient,
    authorization: dict[str, str],
    office: PostOffice,
    letterbox: Letterbox,
    queued: Callable[..., str],
) -> None:
    """F33: state visible."""
    notification_id = queued()
    letterbox.fault = TemporaryRefusalError("451 later")
    deliver_notification(office, notification_id)

    document = client.get(f"{PATH}/{notification_id}", headers=authorization).get_json()

    assert (document["state"], document["attempts"], document["smtp_answer"]) == ("deferred", 1, "451 later")
    assert document["fault"] == "temporary_refusal"
    assert document["next_attempt_at"] == (NOW + timedelta(seconds=10)).isoformat()


def test_a_sent_notification_tells_when(
    client: FlaskClient, authorization: dict[str, str], office: PostOffice, queued: Callable[..., str]
) -> None:
    notification_id = queued()
    deliver_notification(office, notification_id)

    document = client.get(f"{PATH}/{notification_id}", headers=authorization).get_json()

    assert (document["state"], document["sent_at"]) == ("sent", NOW.isoformat())


def test_an_unknown_notification_is_not_found(client: FlaskClient, authorization: dict[str, str]) -> None:
    answer = client.get(f"{PATH}/{uuid4()}", headers=authorization)

    assert is_problem(answer, 404, "notification_not_found")


def test_several_are_told_at_once_and_unknown_ones_left_out(
    client: FlaskClient, authorization: dict[str, str], queued: Callable[..., str]
) -> None:
    known = sorted([queued(), queued()])
    query = "&".join(f"id={one}" for one in [*known, uuid4(), known[0].upper()])

    answer = client.get(f"{PATH}?{query}", headers=authorization)

    assert answer.status_code == 200
    assert sorted(one["id"] for one in answer.get_json()["items"]) == known


def test_a_hundred_may_be_asked_for_and_none_more(client: FlaskClient, authorization: dict[str, str]) -> None:
    ids = [f"id={uuid4()}" for _ in range(101)]

    assert client.get(f"{PATH}?{'&'.join(ids[:100])}", headers=authorization).get_json()["items"] == []
    assert is_problem(client.get(f"{PATH}?{'&'.join(ids)}", headers=authorization), 422, "invalid_parameters")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("id=", "id"),
        ("id=x", "id"),
        ("id=%00", "id"),
        ("id=%ff%fe", "id"),
        ("id=" + "9" * 5000, "id"),
        (f"id={NOBODY_S}&id=x", "id"),
        ("state=gone", "state"),
        ("state=SENT", "state"),
        ("template=%27", "template"),
        ("organization_id=%00", "organization_id"),
        ("recipient=ann", "recipient"),
        ("recipient=a@b.example,c@d.example", "recipient"),
        ("limit=0", "limit"),
        ("limit=1&limit=2", "limit"),
        ("state=sent&state=held", "state"),
        ("limit=201", "limit"),
        ("limit=1e2", "limit"),
        ("cursor=", "cursor"),
        ("cursor=x", "cursor"),
        ("cursor=MjAyNi0wNi0wMVQwOTowMDowMCswMDowMC94", "cursor"),
        (f"id={NOBODY_S}&of=x", "of"),
        (f"id={NOBODY_S}&id[]=x", "id[]"),
    ],
)
def test_a_wrong_query_names_its_field(
    client: FlaskClient, authorization: dict[str, str], query: str, field: str
) -> None:
    answer = client.get(f"{PATH}?{query}", headers=authorization)

    assert is_problem(answer, 422, "invalid_parameters")
    assert list(answer.get_json()["errors"]) == [field]


def listed(client: FlaskClient, authorization: dict[str, str], query: str) -> list[str]:
    answer = client.get(f"{PATH}?{query}", headers=authorization)
    assert answer.status_code == 200
    return [one["id"] for one in answer.get_json()["items"]]


def test_a_list_is_given_a_page_at_a_time_newest_first(
    client: FlaskClient, authorization: dict[str, str], database: Database
) -> None:
    ids = [str(uuid4()) for _ in range(5)]
    with database.transaction() as connection:
        for number, one in enumerate(ids):
            notifications.write_down(connection, row(one, created_at=NOW + timedelta(seconds=number // 2)))

    pages: list[list[str]] = []
    query: str | None = "limit=2"
    while query is not None:
        document = client.get(f"{PATH}?{query}", headers=authorization).get_json()
        pages.append([one["id"] for one in document["items"]])
        query = document["next_cursor"] and f"limit=2&cursor={document['next_cursor']}"

    assert [len(page) for page in pages] == [2, 2, 1]
    assert [one for page in pages for one in page] == [
        ids[4],
        *sorted(ids[2:4], reverse=True),
        *sorted(ids[:2], reverse=True),
    ]


def test_a_list_is_narrowed_by_each_filter(
    client: FlaskClient, authorization: dict[str, str], database: Database
) -> None:
    plain, other = (
        row(str(uuid4())),
        row(
            str(uuid4()),
            state=State.HELD,
            template="verify_address",
            organization_id="org-1",
            recipient="Ann+1@shop.example",
        ),
    )
    with database.transaction() as connection:
        for one in (plain, other):
            notifications.write_down(connection, one)

    for query in ("state=held", "template=verify_address", "organization_id=org-1", "recipient=ann%2B1@SHOP.example"):
        assert listed(client, authorization, query) == [other.id]
    assert listed(client, authorization, f"state=held&id={plain.id}") == []
    assert listed(client, authorization, "recipient=ann@shop.example") == []
    assert sorted(listed(client, authorization, "")) == sorted([plain.id, other.id])


def test_an_operator_has_a_failed_email_sent_again(
    client: FlaskClient,
    issuer: Any,
    office: PostOffice,
    letterbox: Letterbox,
    queued: Callable[..., str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    failed = queued()
    letterbox.fault = RecipientRefusedError("550 no such user")
    deliver_notification(office, failed)
    letterbox.fault = None

    with caplog.at_level(logging.INFO):
        answer = client.post(f"{PATH}/{failed}/resend", headers=may_write(issuer))

    assert answer.status_code == 202
    assert (answer.get_json()["state"], answer.get_json()["resendable"]) == ("deferred", True)
    assert [record.asked_by for record in caplog.records if hasattr(record, "asked_by")] == ["auth_service"]


def test_what_was_sent_is_not_sent_again(
    client: FlaskClient, issuer: Any, office: PostOffice, letterbox: Letterbox, queued: Callable[..., str]
) -> None:
    """T54."""
    sent = queued()
    deliver_notification(office, sent)

    answer = client.post(f"{PATH}/{sent}/resend", headers=may_write(issuer))

    assert is_problem(answer, 409, "notification_sent")
    assert answer.get_json()["detail"] == "This email was sent already, and is not sent twice."


def test_reading_does_not_open_sending_again(
    client: FlaskClient, authorization: dict[str, str], issuer: Any, queued: Callable[..., str]
) -> None:
    """RFC 6750 §3.1: a scope of its own."""
    path = f"{PATH}/{queued()}/resend"

    assert is_problem(client.post(path, headers=authorization), 403, "insufficient_scope")
    assert is_problem(client.post(path), 401, "missing_token")
    assert is_problem(client.get(path, headers=authorization), 405, "method_not_allowed")
    assert is_problem(client.get(PATH, headers=may_write(issuer)), 403, "insufficient_scope")
    assert is_problem(client.post(f"{PATH}/{uuid4()}/resend", headers=may_write(issuer)), 404, "notification_not_found")


def may_write(issuer: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {issuer.token('notifications.write')}"}


@pytest.mark.parametrize("path", [f"{PATH}/x", f"{PATH}/%00", f"{PATH}/%ff", f"{PATH}/", "/", f"{PATH}/{NOBODY_S}/x"])
def test_a_wrong_path_is_not_found(client: FlaskClient, authorization: dict[str, str], path: str) -> None:
    assert is_problem(client.get(path, headers=authorization), 404, "not_found")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE"])
@pytest.mark.parametrize("path", [PATH, f"{PATH}/{NOBODY_S}"])
def test_nothing_can_be_sent_or_changed_here(
    client: FlaskClient, authorization: dict[str, str], method: str, path: str
) -> None:
    """T54: no open relay."""
    answer = client.open(path, method=method, headers=authorization, json={"recipient": "a@b.example"})

    assert is_problem(answer, 405, "method_not_allowed")
    assert answer.headers["Allow"].split(", ").count("GET") == 1


@pytest.mark.parametrize("path", [PATH, f"{PATH}?id=x", f"{PATH}/{NOBODY_S}", "/v1/sending", "/v1/refused-addresses"])
def test_without_a_token_nothing_is_told(client: FlaskClient, path: str) -> None:
    """RFC 6750 §3."""
    answer = client.get(path)

    assert is_problem(answer, 401, "missing_token")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer resource_metadata=")
    assert "error" not in answer.headers["WWW-Authenticate"]


@pytest.mark.parametrize("scope", ["entitlements", "notifications.readx", "notifications"])
def test_another_scope_does_not_open_it(client: FlaskClient, issuer: Any, scope: str) -> None:
    """RFC 6750 §3.1."""
    answer = client.get(f"{PATH}/{uuid4()}", headers={"Authorization": f"Bearer {issuer.token(scope)}"})

    assert is_problem(answer, 403, "insufficient_scope")


@pytest.mark.parametrize("changes", [{"aud": ["license_service"]}, {"iss": "http://evil.example"}, {"exp": 5}])
def test_a_token_that_is_not_for_us_does_not_open_it(client: FlaskClient, issuer: Any, changes: dict[str, Any]) -> None:
    """T22."""
    answer = client.get(f"{PATH}/{uuid4()}", headers={"Authorization": f"Bearer {issuer.token(**changes)}"})

    assert is_problem(answer, 401, "invalid_token")


def test_keys_that_cannot_be_had_are_our_trouble(
    client: FlaskClient, authorization: dict[str, str], issuer: Any
) -> None:
    issuer.away = True

    answer = client.get(f"{PATH}/{uuid4()}", headers=authorization)

    assert is_problem(answer, 503, "temporarily_unavailable")
    assert answer.headers["Retry-After"] == "5"


def test_a_database_that_is_away_is_our_trouble(
    authorization: dict[str, str], wired: Wired, database_away: Database
) -> None:
    """F28."""
    client = create_app(replace(wired, database=database_away)).test_client()

    assert is_problem(client.get(f"{PATH}/{uuid4()}", headers=authorization), 503, "temporarily_unavailable")
