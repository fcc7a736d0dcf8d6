"""The ledger a page at a time, newest first, by what is wanted of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select, tuple_

from notify_service.domain.limit import mailbox_of
from notify_service.domain.page import NotificationPage, Position
from notify_service.storage.notifications import COLUMNS, record
from notify_service.storage.tables import notifications

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import ColumnElement, Connection

    from notify_service.domain.page import NotificationsWanted

_row = notifications.c


def list_page(connection: Connection, wanted: NotificationsWanted) -> NotificationPage:
    """Give one page. An address is compared as it is written but for the case of its letters."""
    query = select(*COLUMNS).where(*_conditions(wanted)).order_by(_row.created_at.desc(), _row.id.desc())
    # One more than wanted tells whether there are more.
    found = [record(row) for row in connection.execute(query.limit(wanted.limit + 1)).mappings()]
    page = found[: wanted.limit]
    end = Position(page[-1].created_at, page[-1].id) if len(found) > len(page) else None
    return NotificationPage(page, end)


def _conditions(wanted: NotificationsWanted) -> Iterator[ColumnElement[bool]]:
    if wanted.ids:
        yield _row.id.in_(wanted.ids)
    if wanted.state is not None:
        yield _row.state == wanted.state.value
    if wanted.template is not None:
        yield _row.template == wanted.template
    if wanted.organization_id is not None:
        yield _row.organization_id == wanted.organization_id
    if wanted.recipient is not None:
        # The mailbox has an index, the address is what was asked for.
        yield _row.mailbox == mailbox_of(wanted.recipient)
        yield func.lower(_row.recipient) == wanted.recipient.lower()
    if wanted.after is not None:
        yield tuple_(_row.created_at, _row.id) < tuple_(wanted.after.created_at, wanted.after.id)
