"""The rows of `webhook_endpoints`."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, delete, func, insert, select, update

from database.instants import Instant
from license_service.domain.errors import EndpointNotFoundError, StaleVersionError
from license_service.domain.event import EventKind
from license_service.domain.page import Page
from license_service.domain.webhook import (
    DisabledReason,
    EndpointStatus,
    SealedSecrets,
    WebhookEndpoint,
    is_lost,
    pause_after,
)
from license_service.storage.keyset import read_page
from license_service.storage.tables import webhook_endpoints

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Connection

    from license_service.domain.page import PageWanted
    from license_service.domain.webhook import EndpointTerms

_table: Final = webhook_endpoints.c
OLDEST_FIRST: Final = (_table.created_at, _table.id)
_UNTROUBLED: Final = {"failures": 0, "failing_since": None, "paused_until": None}
_WORKS: Final = update(webhook_endpoints).where(_table.id == bindparam("this"), _table.failures > 0).values(_UNTROUBLED)
_FAILS: Final = (
    update(webhook_endpoints)
    .where(_table.id == bindparam("this"))
    .values(
        failures=_table.failures + 1, failing_since=func.coalesce(_table.failing_since, bindparam("now", type_=Instant))
    )
    .returning(_table.failures, _table.failing_since)
)


def add(connection: Connection, endpoint: WebhookEndpoint) -> None:
    values = {column.name: getattr(endpoint, column.name) for column in _table if hasattr(endpoint, column.name)}
    connection.execute(insert(webhook_endpoints).values(**values, **_secret_columns(endpoint.secrets)))


def found(connection: Connection, endpoint_id: str) -> WebhookEndpoint:
    """Raise EndpointNotFoundError when there is none."""
    row = connection.execute(select(webhook_endpoints).where(_table.id == endpoint_id)).mappings().one_or_none()
    if row is None:
        raise EndpointNotFoundError
    return endpoint_of(row)


def expected(connection: Connection, endpoint_id: str, version: int) -> WebhookEndpoint:
    """Give the endpoint as whoever changes it has seen it. Raises EndpointNotFoundError or StaleVersionError."""
    endpoint = found(connection, endpoint_id)
    if endpoint.version != version:
        raise StaleVersionError(endpoint.version)
    return endpoint


def listed(connection: Connection, wanted: PageWanted) -> Page[WebhookEndpoint]:
    """Give a page of all endpoints, the oldest first."""
    page = read_page(connection, select(webhook_endpoints), OLDEST_FIRST, wanted)
    return Page(map(endpoint_of, page), page.end)


def change(connection: Connection, endpoint: WebhookEndpoint, terms: EndpointTerms, now: datetime) -> None:
    """Put these terms in place of those of the endpoint as it was read. Raises StaleVersionError.

    What is enabled again starts untroubled.
    """
    values: dict[str, Any] = {
        "url": terms.url,
        "description": terms.description,
        "event_kinds": list(terms.event_kinds),
        "status": terms.status,
    }
    if terms.status is not endpoint.status:
        is_enabled = terms.status is EndpointStatus.ENABLED
        reason = None if is_enabled else DisabledReason.BY_HAND
        values |= {**_UNTROUBLED, "disabled_reason": reason, "disabled_at": None if is_enabled else now}
    _change(connection, endpoint, values)


def put_secrets(connection: Connection, endpoint: WebhookEndpoint, secrets: SealedSecrets) -> None:
    """Put these secrets in place of those of the endpoint as it was read. Raises StaleVersionError."""
    _change(connection, endpoint, _secret_columns(secrets))


def remove(connection: Connection, endpoint: WebhookEndpoint) -> None:
    """Delete the endpoint as it was read, and with it its deliveries. Raises StaleVersionError."""
    this = delete(webhook_endpoints).where(_table.id == endpoint.id, _table.version == endpoint.version)
    if connection.execute(this).rowcount != 1:
        raise StaleVersionError(found(connection, endpoint.id).version)


def note_success(connection: Connection, endpoint_id: str) -> None:
    connection.execute(_WORKS, {"this": endpoint_id})


def note_failure(connection: Connection, endpoint_id: str, now: datetime, asked: timedelta = timedelta(0)) -> None:
    """Count one failure more, and leave the endpoint alone for a while, as long as it asked, or for good."""
    row = connection.execute(_FAILS, {"this": endpoint_id, "now": now}).one_or_none()
    if row is None:
        return
    if is_lost(row.failures, row.failing_since, now):
        disable(connection, endpoint_id, DisabledReason.FAILING, now)
    this = update(webhook_endpoints).where(_table.id == endpoint_id)
    connection.execute(this.values(paused_until=now + pause_after(row.failures, asked)))


def disable(connection: Connection, endpoint_id: str, reason: DisabledReason, now: datetime) -> None:
    """Send nothing more there, unless it is disabled already."""
    connection.execute(
        update(webhook_endpoints)
        .where(_table.id == endpoint_id, _table.status == EndpointStatus.ENABLED)
        .values(status=EndpointStatus.DISABLED, disabled_reason=reason, disabled_at=now, version=_table.version + 1)
    )


def endpoint_of(row: Mapping[Any, Any]) -> WebhookEndpoint:
    reason = row["disabled_reason"]
    return WebhookEndpoint(
        id=row["id"],
        url=row["url"],
        description=row["description"],
        event_kinds=tuple(map(EventKind, row["event_kinds"])),
        status=EndpointStatus(row["status"]),
        disabled_reason=None if reason is None else DisabledReason(reason),
        disabled_at=row["disabled_at"],
        secrets=SealedSecrets(row["secret"], row["former_secret"], row["former_secret_until"]),
        failures=row["failures"],
        failing_since=row["failing_since"],
        version=row["version"],
        created_at=row["created_at"],
    )


def _secret_columns(secrets: SealedSecrets) -> dict[str, Any]:
    return {
        "secret": secrets.present,
        "former_secret": secrets.former,
        "former_secret_until": secrets.former_until,
    }


def _change(connection: Connection, endpoint: WebhookEndpoint, values: Mapping[str, Any]) -> None:
    this = update(webhook_endpoints).where(_table.id == endpoint.id, _table.version == endpoint.version)
    if connection.execute(this.values(**values, version=endpoint.version + 1)).rowcount != 1:
        raise StaleVersionError(found(connection, endpoint.id).version)
