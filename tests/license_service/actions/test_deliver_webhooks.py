"""Deliveries: claimed once, settled once, tried for three days, and given up where that is what was asked for."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.fernet import Fernet

from license_service.actions.deliver_webhooks import DeliveryParts, deliver_webhooks
from license_service.actions.list_webhook_deliveries import list_webhook_deliveries
from license_service.actions.read_webhook_endpoint import read_webhook_endpoint
from license_service.domain.errors import EndpointNotFoundError
from license_service.domain.event import EventKind
from license_service.domain.webhook import (
    MOST_ATTEMPTS,
    DeliveryStatus,
    DisabledReason,
    EndpointStatus,
    SealedSecrets,
    Sent,
)
from license_service.domain.webhook_signature import secret_text
from license_service.outbound.webhook_post import WebhookPost
from license_service.storage import webhook_deliveries, webhook_endpoints
from license_service.storage.events import record_event
from license_service.storage.seal import Seal
from license_service.storage.webhook_deliveries import LEASE
from tests.doubles.event_listener import listen
from tests.doubles.webhook_receiver import receiving

if TYPE_CHECKING:
    from collections.abc import Mapping

    from database.engine import Database
    from license_service.domain.webhook import WebhookDelivery, WebhookEndpoint

START = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
SEAL = Seal([Fernet.generate_key().decode()])
KEY, FORMER_KEY = bytes(range(32)), bytes(range(32, 64))


@dataclass
class Post:
    """Keeps what is sent, and answers by URL or else with `outcome`; what it raises, it raises."""

    outcome: str = "http_200"
    retry_after: timedelta = timedelta(0)
    outcomes: dict[str, str] = field(default_factory=dict)
    sent: list[tuple[str, Mapping[str, str], bytes]] = field(default_factory=list)

    def send(self, url: str, body: bytes, headers: Mapping[str, str]) -> Sent:
        self.sent.append((url, headers, body))
        return Sent(self.outcomes.get(url, self.outcome), self.retry_after)


@dataclass
class Desk:
    """The parts of deliveries, with a clock that is set by hand."""

    database: Database
    post: Post = field(default_factory=Post)
    now: datetime = START
    seal: Seal = SEAL

    def parts(self) -> DeliveryParts:
        return DeliveryParts(self.database, self.post, self.seal, now=lambda: self.now, jitter=lambda: 0.5)

    def deliver(self) -> int:
        return deliver_webhooks(self.parts())

    def listen(self, endpoint_id: str = "one", *, url: str = "https://hooks.example/", **secrets: Any) -> None:
        sealed = SealedSecrets(SEAL.close(secret_text(KEY)), **secrets)
        listen(self.database, EventKind.SEAT_CLAIMED, endpoint_id=endpoint_id, url=url, secrets=sealed)

    def happen(self, times: int = 1) -> None:
        with self.database.transaction() as connection:
            for _ in range(times):
                told = {"organization_id": "o", "subject_id": "d", "data": {}}
                record_event(connection, kind=EventKind.SEAT_CLAIMED, **told, now=self.now)

    def endpoint(self, endpoint_id: str = "one") -> WebhookEndpoint:
        return read_webhook_endpoint(self.database, endpoint_id)

    def deliveries(self, endpoint_id: str = "one") -> list[WebhookDelivery]:
        return list_webhook_deliveries(self.database, endpoint_id)

    def the_delivery(self) -> WebhookDelivery:
        [found] = self.deliveries()
        return found


@pytest.fixture
def desk(any_database: Database) -> Desk:
    return Desk(any_database)


def test_an_event_is_sent_once(desk: Desk) -> None:
    desk.listen()
    desk.happen()

    assert (desk.deliver(), desk.deliver()) == (1, 0)

    [(url, headers, body)] = desk.post.sent
    done = desk.the_delivery()
    assert (url, headers["webhook-id"], headers["Content-Type"]) == (
        "https://hooks.example/",
        done.event_id,
        "application/json",
    )
    assert json.loads(body)["type"] == "seat.claimed"
    assert (done.status, done.attempts, done.last_outcome, done.last_attempt_at, done.next_attempt_at) == (
        DeliveryStatus.DELIVERED,
        1,
        "http_200",
        START,
        None,
    )


def test_a_retry_has_the_same_id_and_body_and_a_new_timestamp(desk: Desk) -> None:
    """A receiver knows by the id that it has the event; by the time that the request is no replay."""
    desk.listen()
    desk.happen()
    desk.post.outcome = "http_500"
    desk.deliver()
    desk.now += timedelta(minutes=1)
    desk.deliver()

    (_, first, body), (_, second, again) = desk.post.sent
    assert (first["webhook-id"], body) == (second["webhook-id"], again)
    assert int(second["webhook-timestamp"]) - int(first["webhook-timestamp"]) == 60
    assert first["webhook-signature"] != second["webhook-signature"]


@pytest.mark.parametrize(
    "outcome", ["http_302", "http_400", "http_404", "http_429", "http_500", "http_503", "timed_out", "address_refused"]
)
def test_whatever_is_no_success_is_tried_again(desk: Desk, outcome: str) -> None:
    desk.listen()
    desk.happen()
    desk.post.outcome = outcome
    desk.deliver()

    waiting = desk.the_delivery()
    assert (waiting.status, waiting.last_outcome) == (DeliveryStatus.PENDING, outcome)
    assert waiting.next_attempt_at == START + timedelta(seconds=5)
    assert desk.deliver() == 0
    desk.now += timedelta(seconds=5)
    desk.post.outcome = "http_204"
    assert desk.deliver() == 1
    assert desk.the_delivery().status is DeliveryStatus.DELIVERED
    assert desk.endpoint().failures == 0


@pytest.mark.parametrize(("asked", "waited"), [(1, 5), (3600, 3600), (999_999_999, 12 * 3600)])
def test_a_receiver_that_is_busy_is_left_alone_for_as_long_as_it_asks(desk: Desk, asked: int, waited: int) -> None:
    """Whatever else waits for it; no longer than half a day, and no shorter than it would be anyway."""
    desk.listen()
    desk.happen()
    desk.post.outcome, desk.post.retry_after = "http_503", timedelta(seconds=asked)
    desk.deliver()
    desk.post.outcome = "http_204"
    desk.happen()

    desk.now = START + timedelta(seconds=waited - 1)
    before = desk.deliver() if waited > 5 else 0
    desk.now = START + timedelta(seconds=waited)

    assert (before, desk.deliver()) == (0, 2)


def test_after_about_three_days_a_delivery_has_failed(desk: Desk) -> None:
    desk.listen()
    desk.happen()
    desk.post.outcome = "http_500"
    for _ in range(MOST_ATTEMPTS):
        assert desk.deliver() == 1
        desk.now = desk.the_delivery().next_attempt_at or desk.now

    failed = desk.the_delivery()
    assert (failed.status, failed.attempts, failed.next_attempt_at) == (DeliveryStatus.FAILED, MOST_ATTEMPTS, None)
    assert timedelta(days=2.5) < desk.now - START < timedelta(days=3.5)
    assert desk.endpoint().status is EndpointStatus.ENABLED


def test_an_endpoint_that_is_gone_is_disabled_and_sent_nothing_more(desk: Desk) -> None:
    desk.listen()
    desk.happen()
    desk.post.outcome = "http_410"
    desk.deliver()
    desk.happen()
    desk.now += timedelta(days=1)

    assert desk.deliver() == 0
    endpoint = desk.endpoint()
    assert (endpoint.status, endpoint.disabled_reason, endpoint.disabled_at, endpoint.version) == (
        EndpointStatus.DISABLED,
        DisabledReason.GONE,
        START,
        2,
    )
    assert desk.the_delivery().status is DeliveryStatus.FAILED


def test_an_endpoint_that_takes_nothing_for_days_is_disabled(desk: Desk) -> None:
    desk.listen()
    desk.post.outcome = "unreachable"
    while desk.endpoint().status is EndpointStatus.ENABLED and desk.now - START < timedelta(days=9):
        desk.happen()
        desk.deliver()
        desk.now += timedelta(hours=6)

    assert desk.endpoint().disabled_reason is DisabledReason.FAILING
    assert timedelta(days=3) <= desk.now - START < timedelta(days=4)


def test_an_endpoint_that_fails_does_not_keep_the_others_waiting(desk: Desk) -> None:
    """What it has waiting is left for a while, whatever is due."""
    desk.listen("one", url="https://slow.example/")
    desk.happen(20)
    desk.listen("two")
    # Later than the others, so that it is none of those that the first round takes.
    desk.now += timedelta(seconds=1)
    desk.happen()
    desk.post.outcomes = {"https://slow.example/": "timed_out"}
    desk.deliver()

    assert desk.deliver() == 1
    assert [one.status for one in desk.deliveries("two")] == [DeliveryStatus.DELIVERED]
    assert [one.status for one in desk.deliveries("one")] == [DeliveryStatus.PENDING] * 21


def test_two_processes_send_each_event_once(desk: Desk) -> None:
    """F33."""
    desk.listen()
    desk.happen(40)
    barrier = threading.Barrier(4)

    def work(_: int) -> int:
        barrier.wait()
        return sum(iter(desk.deliver, 0))

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(work, range(4))) == 40

    assert len({headers["webhook-id"] for _, headers, _ in desk.post.sent}) == len(desk.post.sent) == 40


def test_what_a_process_that_died_had_claimed_is_sent_when_its_lease_ends(desk: Desk) -> None:
    desk.listen()
    desk.happen()
    with desk.database.transaction() as connection:
        [lost] = webhook_deliveries.claim_due(connection, START, limit=1)

    desk.now = START + LEASE - timedelta(seconds=1)
    assert desk.deliver() == 0
    desk.now = START + LEASE
    desk.post.outcome = "http_500"
    assert desk.deliver() == 1
    with desk.database.transaction() as connection:
        assert not webhook_deliveries.settle(connection, lost, DeliveryStatus.DELIVERED, "late", None)
    assert (desk.the_delivery().status, desk.the_delivery().attempts) == (DeliveryStatus.PENDING, 2)


def test_an_endpoint_that_is_deleted_while_it_is_sent_to_changes_nothing(desk: Desk) -> None:
    desk.listen()
    desk.happen()

    class Deleting(Post):
        def send(self, url: str, body: bytes, headers: Mapping[str, str]) -> Sent:
            with desk.database.transaction() as connection:
                webhook_endpoints.remove(connection, desk.endpoint())
            return super().send(url, body, headers)

    desk.post = Deleting(outcome="http_500")

    assert desk.deliver() == 1
    with pytest.raises(EndpointNotFoundError):
        desk.endpoint()


def test_both_secrets_sign_until_the_former_s_time_is_over(desk: Desk) -> None:
    former = SEAL.close(secret_text(FORMER_KEY))
    desk.listen(former=former, former_until=START + timedelta(days=1))
    desk.happen()
    desk.deliver()
    desk.now += timedelta(days=1)
    desk.happen()
    desk.deliver()

    signatures = []
    for _, headers, body in desk.post.sent:
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        digests = {key: hmac.new(key, signed, hashlib.sha256).digest() for key in (KEY, FORMER_KEY)}
        words = {"v1," + base64.b64encode(digest).decode(): key for key, digest in digests.items()}
        signatures.append([words[word] for word in headers["webhook-signature"].split()])
    assert signatures == [[KEY, FORMER_KEY], [KEY]]


def test_a_secret_that_cannot_be_opened_is_logged_and_is_not_the_endpoint_s_fault(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.listen()
    desk.happen()
    desk.seal = Seal([Fernet.generate_key().decode()])

    assert desk.deliver() == 1

    assert (desk.post.sent, desk.endpoint().failures) == ([], 0)
    assert desk.the_delivery().last_outcome == "seal_broken"
    assert "cannot be signed" in caplog.text


def test_a_secret_sealed_under_a_former_key_is_still_opened(desk: Desk) -> None:
    old, new = (Fernet.generate_key().decode() for _ in range(2))
    secret = secret_text(KEY)
    sealed = Seal([old]).close(secret)

    assert Seal([new, old]).open(sealed) == secret
    assert secret.removeprefix("whsec_") not in sealed


def test_a_real_receiver_verifies_what_it_gets(desk: Desk) -> None:
    with receiving() as receiver:
        desk.post = WebhookPost(allow_loopback=True)  # type: ignore[assignment]
        desk.listen(url=f"http://127.0.0.1:{receiver.port}/tillpass")
        desk.happen(3)

        assert desk.deliver() == 3

    for _, headers, body in receiver.taken:
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        assert headers["webhook-signature"] == "v1," + base64.b64encode(hmac.digest(KEY, signed, "sha256")).decode()
    assert sorted(receiver.ids) == sorted(one.event_id for one in desk.deliveries())
