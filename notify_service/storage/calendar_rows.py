"""The ledger as the calendar sees it: which occasions were told, and which emails about one still wait."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from sqlalchemy import and_, func, select, update

from notify_service.domain.notification import State
from notify_service.storage.tables import notifications as ledger

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from notify_service.domain.notification import Notification

NO_LONGER_SO: Final = "No longer so."
"""Why the calendar cancels; what anybody else cancelled, it leaves alone."""

_row: Final = ledger.c
_is_cancelled: Final = and_(_row.state == State.CANCELLED.value, _row.smtp_answer == NO_LONGER_SO)
_WAITING: Final = (State.QUEUED.value, State.DEFERRED.value)


def told(connection: Connection, abouts: Sequence[str]) -> set[str]:
    """Give those of these occasions that were told; what was cancelled and is so again is to be told."""
    rows = connection.execute(
        select(_row.about, _is_cancelled.label("is_cancelled")).where(_row.about.in_(abouts)).distinct()
    ).all()
    return {row.about for row in rows} - {row.about for row in rows if row.is_cancelled}


def waiting(connection: Connection, templates: Sequence[str]) -> dict[str, str]:
    """Give the occasions by the ids of their emails that nobody is sending and that were not sent."""
    query = select(_row.id, _row.about).where(
        _row.state.in_(_WAITING), _row.about.is_not(None), _row.template.in_(templates)
    )
    return {row.id: row.about for row in connection.execute(query)}


def told_since(connection: Connection, template: str, organization_id: str, since: datetime) -> int:
    """Give how many occasions of one kind an organization was told of, from an instant on."""
    query = select(func.count(_row.about.distinct())).where(
        _row.organization_id == organization_id, _row.created_at >= since, _row.template == template
    )
    return connection.execute(query).scalar_one()


def failed_since(connection: Connection, since: datetime) -> int:
    """Give how many emails that were written since then were given up."""
    query = select(func.count()).select_from(ledger).where(_row.state == State.FAILED.value, _row.created_at >= since)
    return connection.execute(query).scalar_one()


def revive(connection: Connection, notification: Notification) -> bool:
    """Let an email that the calendar cancelled be written anew; False when it stands otherwise."""
    # The leases are counted on: who held one before it was cancelled must not be taken for who holds one now.
    kept = {"id", "leases", "message_id"}
    values = {name: value for name, value in asdict(notification).items() if name not in kept}
    again = connection.execute(update(ledger).where(_row.id == notification.id, _is_cancelled).values(values))
    return again.rowcount == 1
