"""Send what is due to the webhook endpoints, each attempt claimed, sent, and settled (Standard Webhooks).

Nothing is sent inside a transaction. Who dies in between leaves a claim that ends by itself, and the attempt after it
carries the same `webhook-id`: a receiver may see an event twice, and never misses one. No order is promised.
"""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, Protocol

from database.retried import retried
from license_service.domain.errors import SealBrokenError
from license_service.domain.webhook import DeliveryStatus, DisabledReason, Sent, wait_after
from license_service.domain.webhook_signature import signed_headers
from license_service.storage import webhook_deliveries, webhook_endpoints

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from database.engine import Database
    from license_service.storage.seal import Seal
    from license_service.storage.webhook_deliveries import DueDelivery

AT_ONCE: Final = 16
_GONE: Final = f"http_{HTTPStatus.GONE}"
_HEADERS: Final = {"Content-Type": "application/json", "User-Agent": "tillpass-webhooks"}

_log = logging.getLogger(__name__)


class Post(Protocol):
    """What sends one attempt and says what came of it."""

    def send(self, url: str, body: bytes, headers: Mapping[str, str]) -> Sent: ...


@dataclass(frozen=True, slots=True)
class DeliveryParts:
    """What deliveries need. `now` gives an aware instant, `jitter` a number from 0 to 1."""

    database: Database
    post: Post
    seal: Seal
    now: Callable[[], datetime]
    jitter: Callable[[], float]


def deliver_webhooks(parts: DeliveryParts) -> int:
    """Do one round and give how many attempts it made, at most AT_ONCE. Raises DatabaseUnavailableError."""
    now = parts.now()
    with parts.database.reading() as connection:
        if not webhook_deliveries.any_due(connection, now):
            return 0
    due = _claimed(parts.database, now)
    with ThreadPoolExecutor(max_workers=AT_ONCE) as threads:
        # As a list, so that what one of them raises is raised here.
        return len(list(threads.map(partial(_deliver, parts), due)))


@retried
def _claimed(database: Database, now: datetime) -> list[DueDelivery]:
    with database.transaction() as connection:
        return webhook_deliveries.claim_due(connection, now, limit=AT_ONCE)


def _deliver(parts: DeliveryParts, due: DueDelivery) -> None:
    _settle(parts, due, _attempt(parts, due))


def _attempt(parts: DeliveryParts, due: DueDelivery) -> Sent:
    now = parts.now()
    try:
        secrets = [parts.seal.open(sealed) for sealed in due.secrets.in_use(now)]
    except SealBrokenError as fault:
        _log.error("a webhook cannot be signed", extra={"endpoint_id": due.endpoint_id, "reason": str(fault)})
        return Sent(fault.code)
    signed = signed_headers(due.event_id, due.body, secrets, now)
    return parts.post.send(due.url, due.body, {**_HEADERS, **signed})


def _settle(parts: DeliveryParts, due: DueDelivery, sent: Sent) -> None:
    is_taken = sent.outcome.startswith("http_2")
    if _settled(parts, due, sent, is_taken=is_taken) and not is_taken:
        told = {
            "event_id": due.event_id,
            "endpoint_id": due.endpoint_id,
            "outcome": sent.outcome,
            "attempt": due.attempt,
        }
        _log.warning("a webhook was not taken", extra=told)


@retried
def _settled(parts: DeliveryParts, due: DueDelivery, sent: Sent, *, is_taken: bool) -> bool:
    now, outcome = parts.now(), sent.outcome
    wait = None if is_taken or outcome == _GONE else wait_after(due.attempt, parts.jitter(), sent.retry_after)
    status = DeliveryStatus.DELIVERED if is_taken else DeliveryStatus.FAILED if wait is None else DeliveryStatus.PENDING
    with parts.database.transaction() as connection:
        again = None if wait is None else now + wait
        if not webhook_deliveries.settle(connection, due, status, outcome, again):
            return False
        if is_taken:
            webhook_endpoints.note_success(connection, due.endpoint_id)
        elif outcome == _GONE:
            webhook_endpoints.disable(connection, due.endpoint_id, DisabledReason.GONE, now)
        elif outcome != SealBrokenError.code:
            webhook_endpoints.note_failure(connection, due.endpoint_id, now, sent.retry_after)
    return True
