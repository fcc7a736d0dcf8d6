"""Which limits the next email would go over, asked of the ledger itself: what is counted there is what was taken in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, func, select

from database.instants import Instant
from notify_service.domain.limit import VERIFICATION_TEMPLATES, Crossed, mailbox_of
from notify_service.storage.tables import notifications

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, Label

    from notify_service.domain.limit import Limits
    from notify_service.domain.notification import Notification

_row = notifications.c
_LOCK: Final = select(func.pg_advisory_xact_lock(54_001))


def _filling(name: str, *shared: ColumnElement[bool]) -> Label[datetime]:
    # The oldest of the `most` newest: in the window, it fills the limit. What waits for its turn counts from then on.
    newest = (
        select(_row.counted_at)
        .where(*shared, _row.counted_at > bindparam(f"{name}_since", type_=Instant))
        .order_by(_row.counted_at.desc())
        .limit(1)
        .offset(bindparam(f"{name}_before"))
    )
    return newest.scalar_subquery().label(name)


_FILLING: Final = select(
    _filling("verification", _row.mailbox == bindparam("mailbox"), _row.template == bindparam("template")),
    _filling("address", _row.mailbox == bindparam("mailbox")),
    _filling("organization", _row.organization_id == bindparam("organization_id")),
    _filling("overall", _row.queue == bindparam("queue")),
)


def crossed(connection: Connection, notification: Notification, limits: Limits, *, now: datetime) -> list[Crossed]:
    """Give the limits that `notification` would go over, which is not in the ledger yet.

    What is read here is true until the transaction ends: others that take a message in wait for it.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(_LOCK)
    template = notification.template
    named = {"address": limits.address, "organization": limits.organization, "overall": limits.overall}
    if template in VERIFICATION_TEMPLATES:
        named["verification"] = limits.verification
    asked = {"verification": limits.verification, **named}
    row = (
        connection.execute(
            _FILLING,
            {
                "mailbox": mailbox_of(notification.recipient),
                "template": template,
                "organization_id": notification.organization_id,
                "queue": notification.queue,
                **{f"{name}_since": now - limit.window for name, limit in asked.items()},
                **{f"{name}_before": limit.most - 1 for name, limit in asked.items()},
            },
        )
        .mappings()
        .one()
    )
    return [Crossed(limit, row[name]) for name, limit in named.items() if row[name] is not None]
