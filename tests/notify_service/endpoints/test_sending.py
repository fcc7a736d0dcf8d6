from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from notify_service.actions.deliver_notification import deliver_notification
from notify_service.domain.errors import RecipientRefusedError, ServerMisusedError, TemporaryRefusalError
from tests.notify_service.doubles import NOW

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.testing import FlaskClient

    from notify_service.actions.post_office import PostOffice
    from tests.notify_service.doubles import Clock, Letterbox


def asked(client: FlaskClient, authorization: dict[str, str], path: str) -> Any:
    answer = client.get(path, headers=authorization)
    assert answer.status_code == 200
    return answer.get_json()


def test_it_tells_what_waits_since_when_and_what_was_sent(
    client: FlaskClient,
    authorization: dict[str, str],
    office: PostOffice,
    letterbox: Letterbox,
    clock: Clock,
    queued: Callable[..., str],
) -> None:
    deliver_notification(office, queued())
    letterbox.fault = TemporaryRefusalError("451 later")
    deliver_notification(office, queued())

    document = asked(client, authorization, "/v1/sending")

    first, others = document["queues"]
    assert (first["queue"], others["queue"]) == ("notifications_first", "notifications")
    assert set(first["states"].values()) == {0}
    assert {state: count for state, count in others["states"].items() if count} == {"sent": 1, "deferred": 1}
    assert others["oldest_waiting_at"] == NOW.isoformat()
    assert others["due_since"] == (NOW + timedelta(seconds=10)).isoformat()
    assert (document["paused"], document["set_aside"], document["refused_addresses"]) == (None, 0, 0)


def test_it_tells_that_sending_is_paused_and_why(
    client: FlaskClient,
    authorization: dict[str, str],
    office: PostOffice,
    letterbox: Letterbox,
    queued: Callable[..., str],
) -> None:
    """F38."""
    letterbox.fault = ServerMisusedError("535")
    deliver_notification(office, queued())

    paused = asked(client, authorization, "/v1/sending")["paused"]

    assert paused == {
        "since": NOW.isoformat(),
        "fault": "server_misused",
        "answer": "535",
        "next_try_at": (NOW + timedelta(seconds=30)).isoformat(),
    }


def test_refused_addresses_are_listed_shortened(
    client: FlaskClient,
    authorization: dict[str, str],
    office: PostOffice,
    letterbox: Letterbox,
    queued: Callable[..., str],
) -> None:
    """F36, T55."""
    letterbox.fault = RecipientRefusedError("550 no such user")
    deliver_notification(office, queued())

    assert asked(client, authorization, "/v1/refused-addresses") == {
        "items": [{"recipient": "o***@shop.example", "since": NOW.isoformat(), "answer": "550 no such user"}]
    }
    assert asked(client, authorization, "/v1/sending")["refused_addresses"] == 1
