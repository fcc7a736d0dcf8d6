"""A webhook endpoint in the database of license_service: how a test sees which events were noted."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from license_service.domain.event import EventKind
from license_service.domain.webhook import SealedSecrets, WebhookEndpoint
from license_service.storage import webhook_endpoints
from license_service.storage.tables import webhook_events

if TYPE_CHECKING:
    from database.engine import Database

SINCE = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)


def listen(
    database: Database,
    *kinds: EventKind,
    endpoint_id: str = "one",
    url: str = "https://hooks.example/",
    secrets: SealedSecrets | None = None,
) -> None:
    """Ask for these kinds of event, for every kind when none is named."""
    endpoint = WebhookEndpoint(
        id=endpoint_id,
        url=url,
        event_kinds=kinds or tuple(EventKind),
        secrets=secrets or SealedSecrets("sealed"),
        version=1,
        created_at=SINCE,
    )
    with database.transaction() as connection:
        webhook_endpoints.add(connection, endpoint)


def told(database: Database) -> list[tuple[str, dict[str, Any]]]:
    """Give kind and data of each event since somebody listened, by their instants."""
    query = select(webhook_events).order_by(webhook_events.c.created_at)
    with database.reading() as connection:
        return [(row.kind, json.loads(row.body)["data"]) for row in connection.execute(query)]
