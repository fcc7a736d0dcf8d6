"""What a receiver does with a webhook: the README's recipe as printed, and the stock library of Standard Webhooks."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import time_machine
from standardwebhooks import Webhook, WebhookVerificationError

from license_service.domain.webhook_signature import secret_text, signed_headers
from license_service.outbound.webhook_post import WebhookPost
from tests.doubles.webhook_receiver import receiving

if TYPE_CHECKING:
    from collections.abc import Callable

README = Path(__file__).parents[2] / "license_service" / "README.md"
SECRET, FORMER, OTHER = (secret_text(bytes([number]) * 32) for number in range(3))
BODY = b'{"type":"seat.claimed","timestamp":"2026-06-01T09:00:00+00:00","data":{}}'
SENT_AT = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)


def by_recipe(secret: str, headers: dict[str, str], body: bytes) -> bool:
    [recipe] = re.findall(r"^```python\n(.*?def is_genuine.*?)^```$", README.read_text(), re.MULTILINE | re.DOTALL)
    names: dict[str, Any] = {}
    exec(recipe, names)
    return bool(names["is_genuine"](secret, headers, body))


def by_library(secret: str, headers: dict[str, str], body: bytes) -> bool:
    try:
        Webhook(secret).verify(body, headers)
    except WebhookVerificationError:
        return False
    return True


@pytest.fixture(params=[by_recipe, by_library])
def is_genuine(request: pytest.FixtureRequest) -> Callable[..., bool]:
    found: Callable[..., bool] = request.param
    return found


@pytest.fixture
def headers() -> dict[str, str]:
    """Give the headers as they arrive, during a rotation."""
    with receiving() as receiver:
        sent = signed_headers("0c8f2a91-3b7d-4e6a-9f10-5d2c7b8e4a63", BODY, [SECRET, FORMER], SENT_AT)
        WebhookPost(allow_loopback=True).send(f"http://127.0.0.1:{receiver.port}/", BODY, sent)
    [(_, headers, _)] = receiver.taken
    return headers


def test_whoever_knows_either_secret_believes_it(is_genuine: Callable[..., bool], headers: dict[str, str]) -> None:
    with time_machine.travel(SENT_AT, tick=False):
        believed = [is_genuine(secret, headers, BODY) for secret in (SECRET, FORMER, OTHER)]

    assert believed == [True, True, False]


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp"])
def test_what_was_changed_on_the_way_is_not_believed(
    is_genuine: Callable[..., bool], headers: dict[str, str], name: str
) -> None:
    changed = {**headers, name: headers[name][:-1] + "9"}

    with time_machine.travel(SENT_AT, tick=False):
        assert not is_genuine(SECRET, changed, BODY)
        assert not is_genuine(SECRET, headers, BODY + b" ")


@pytest.mark.parametrize("late", [timedelta(minutes=6), timedelta(minutes=-6)])
def test_what_is_played_again_later_is_not_believed(
    is_genuine: Callable[..., bool], headers: dict[str, str], late: timedelta
) -> None:
    with time_machine.travel(SENT_AT + late, tick=False):
        assert not is_genuine(SECRET, headers, BODY)
