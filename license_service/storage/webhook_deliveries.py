"""The rows of `webhook_deliveries`: each attempt is claimed by one statement, and only its claimer may settle it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, bindparam, delete, exists, or_, select, tuple_, update

from database.instants import Instant
from license_service.domain.errors import DeliveryNotFoundError
from license_service.domain.event import EventKind
from license_service.domain.page import Page
from license_service.domain.webhook import DeliveryStatus, EndpointStatus, SealedSecrets, WebhookDelivery
from license_service.storage.keyset import read_page
from license_service.storage.tables import webhook_deliveries, webhook_endpoints, webhook_events

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Connection

    from license_service.domain.page import PageWanted

LEASE: Final = timedelta(seconds=120)
"""How long a claimed attempt may take: well over the time limits of resolving, connecting and sending."""

_table: Final = webhook_deliveries.c
_NOW: Final = bindparam("now", type_=Instant)
_DUE: Final = and_(
    _table.next_attempt_at <= _NOW,
    webhook_endpoints.c.status == EndpointStatus.ENABLED,
    or_(webhook_endpoints.c.paused_until.is_(None), webhook_endpoints.c.paused_until <= _NOW),
)
_ANY_DUE: Final = (
    select(_table.event_id).join(webhook_endpoints, webhook_endpoints.c.id == _table.endpoint_id).where(_DUE).limit(1)
)
_THOSE_DUE: Final = (
    select(_table.event_id, _table.endpoint_id)
    .join(webhook_endpoints, webhook_endpoints.c.id == _table.endpoint_id)
    .where(_DUE)
    .order_by(_table.next_attempt_at)
    .limit(bindparam("limit"))
)
# The condition stands once more outside: who comes second on PostgreSQL looks at it again before it writes.
_CLAIM: Final = (
    update(webhook_deliveries)
    .where(tuple_(_table.event_id, _table.endpoint_id).in_(_THOSE_DUE), _table.next_attempt_at <= _NOW)
    .values(attempts=_table.attempts + 1, last_attempt_at=_NOW, next_attempt_at=bindparam("lease_ends", type_=Instant))
    .returning(_table.event_id, _table.endpoint_id, _table.attempts)
)
_CONTENT: Final = (
    select(
        webhook_events.c.body,
        webhook_endpoints.c.url,
        webhook_endpoints.c.secret,
        webhook_endpoints.c.former_secret,
        webhook_endpoints.c.former_secret_until,
    )
    .select_from(webhook_deliveries.join(webhook_events).join(webhook_endpoints))
    .where(_table.event_id == bindparam("event"), _table.endpoint_id == bindparam("endpoint"))
)
_ALL: Final = select(webhook_deliveries, webhook_events.c.kind).join(webhook_events)
_SETTLE: Final = (
    update(webhook_deliveries)
    .where(
        _table.event_id == bindparam("event"),
        _table.endpoint_id == bindparam("endpoint"),
        _table.attempts == bindparam("attempt"),
        _table.status == DeliveryStatus.PENDING,
    )
    .values(
        status=bindparam("new_status"),
        last_outcome=bindparam("outcome"),
        next_attempt_at=bindparam("again", type_=Instant),
    )
)


@dataclass(frozen=True, slots=True)
class DueDelivery:
    """One attempt that was claimed: the `attempt`-th of this event to this endpoint."""

    event_id: str
    endpoint_id: str
    attempt: int
    url: str
    body: bytes
    secrets: SealedSecrets


def any_due(connection: Connection, now: datetime) -> bool:
    """Tell whether something is to be sent; a read, for those who ask every second."""
    return connection.execute(_ANY_DUE, {"now": now}).first() is not None


def claim_due(connection: Connection, now: datetime, *, limit: int) -> list[DueDelivery]:
    """Take what is to be sent now, at most `limit`; nobody else gets it before LEASE is over."""
    claimed = connection.execute(_CLAIM, {"now": now, "lease_ends": now + LEASE, "limit": limit}).all()
    return [_due(connection, *row) for row in claimed]


def settle(
    connection: Connection, due: DueDelivery, status: DeliveryStatus, outcome: str, again: datetime | None
) -> bool:
    """Note what came of a claimed attempt, or say that it is no longer this one's to tell."""
    values = {
        "event": due.event_id,
        "endpoint": due.endpoint_id,
        "attempt": due.attempt,
        "new_status": status,
        "outcome": outcome,
        "again": again,
    }
    return connection.execute(_SETTLE, values).rowcount == 1


def send_again(connection: Connection, endpoint_id: str, event_id: str, now: datetime) -> WebhookDelivery:
    """Have an event sent from the first attempt on. Raises DeliveryNotFoundError."""
    this = update(webhook_deliveries).where(_table.endpoint_id == endpoint_id, _table.event_id == event_id)
    values = {"status": DeliveryStatus.PENDING, "attempts": 0, "next_attempt_at": now}
    if connection.execute(this.values(values)).rowcount != 1:
        raise DeliveryNotFoundError
    query = _ALL.where(_table.endpoint_id == endpoint_id, _table.event_id == event_id)
    return delivery_of(connection.execute(query).mappings().one())


def listed(
    connection: Connection, endpoint_id: str, wanted: PageWanted, status: DeliveryStatus | None = None
) -> Page[WebhookDelivery]:
    """Give a page of an endpoint's deliveries, the oldest first."""
    query = _ALL.where(_table.endpoint_id == endpoint_id)
    if status is not None:
        query = query.where(_table.status == status)
    page = read_page(connection, query, (_table.created_at, _table.event_id), wanted)
    return Page(map(delivery_of, page), page.end)


def forget_before(connection: Connection, before: datetime) -> None:
    """Delete the deliveries that were asked for before then, and the events that no delivery is left of."""
    connection.execute(delete(webhook_deliveries).where(_table.created_at < before))
    is_wanted = exists().where(_table.event_id == webhook_events.c.id)
    connection.execute(delete(webhook_events).where(webhook_events.c.created_at < before, ~is_wanted))


def delivery_of(row: Mapping[Any, Any]) -> WebhookDelivery:
    values = dict(row)
    return WebhookDelivery(
        event_kind=EventKind(values.pop("kind")), status=DeliveryStatus(values.pop("status")), **values
    )


def _due(connection: Connection, event_id: str, endpoint_id: str, attempt: int) -> DueDelivery:
    row = connection.execute(_CONTENT, {"event": event_id, "endpoint": endpoint_id}).one()
    secrets = SealedSecrets(row.secret, row.former_secret, row.former_secret_until)
    return DueDelivery(event_id, endpoint_id, attempt, row.url, row.body.encode(), secrets)
