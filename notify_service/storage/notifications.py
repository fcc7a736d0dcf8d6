"""The ledger rows: write down once, take a lease, settle.

Whatever may happen once is one conditional statement whose row count tells whether it happened (T56, F12, F25).
`leases` rises with each lease and so names it: a worker that lost its lease settles nothing.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, case, func, or_, select, update

from notify_service.domain.notification import Notification, State
from notify_service.storage.tables import notifications
from notify_service.storage.write_once import write_once
from wire.notification_contexts import FIRST_QUEUE_NAME

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, RowMapping

    from notify_service.domain.errors import DeliveryError

_row = notifications.c

# Of a worker that was suspended past its lease, whatever became of the row meanwhile.
_WAITING: Final = [State.QUEUED.value, State.DEFERRED.value]
_MAY_HAVE_BEEN_SENT: Final = [State.SENDING.value, State.DEFERRED.value, State.CANCELLED.value]


def write_down(connection: Connection, notification: Notification) -> bool:
    """Add a row; False when its id is in the ledger already."""
    return write_once(connection, notifications, {**asdict(notification), "state": notification.state.value})


def take_lease(
    connection: Connection, notification_id: str, *, now: datetime, lease_until: datetime
) -> Notification | None:
    """Take the row for one attempt: queued, deferred and due, or left by a worker whose lease ran out."""
    taken = connection.execute(
        update(notifications)
        .where(_row.id == notification_id, _may_be_taken(now))
        .values(
            state=State.SENDING.value,
            leases=_row.leases + 1,
            lost_leases=_row.lost_leases + case((_row.state == State.SENDING.value, 1), else_=0),
            attempts=_row.attempts + 1,
            lease_until=lease_until,
            next_attempt_at=None,
        )
    )
    return find(connection, notification_id) if taken.rowcount == 1 else None


def renew_lease(connection: Connection, notification_id: str, *, lease: int, lease_until: datetime) -> bool:
    """Move the end of a lease; False when it is no longer ours."""
    renewed = connection.execute(
        update(notifications).where(_is_lease(notification_id, lease)).values(lease_until=lease_until)
    )
    return renewed.rowcount == 1


def settle_sent(connection: Connection, notification_id: str, *, now: datetime) -> bool:
    """Record that a mail server took the email, whoever holds the lease by now: it is a fact, and ends all repeats."""
    settled = connection.execute(
        update(notifications)
        .where(_row.id == notification_id, _row.state.in_(_MAY_HAVE_BEEN_SENT))
        .values(
            state=State.SENT.value,
            sent_at=now,
            sealed=None,
            lease_until=None,
            next_attempt_at=None,
            fault=None,
            smtp_answer=None,
        )
    )
    return settled.rowcount == 1


def settle_deferred(
    connection: Connection, held: Notification, fault: DeliveryError, *, next_attempt_at: datetime, attempts: int
) -> bool:
    """Let the email wait for its next attempt; False when the lease is no longer ours."""
    values = {"state": State.DEFERRED.value, "next_attempt_at": next_attempt_at, "attempts": attempts}
    return _settle(connection, held, fault, values)


def settle_ended(connection: Connection, held: Notification, fault: DeliveryError, state: State) -> bool:
    """Send the email nevermore and erase what it said; False when the lease is no longer ours."""
    return _settle(connection, held, fault, {"state": state.value, "sealed": None})


def cancel(connection: Connection, notification_id: str, *, now: datetime, reason: str) -> bool:
    """Send it nevermore, since it says what is true no longer; False when it is with a mail server, or ended already.

    What a worker died over may be cancelled once its lease has run out.
    """
    cancelled = connection.execute(
        update(notifications)
        .where(_row.id == notification_id, or_(_row.state.in_(_WAITING), _lease_ran_out(now)))
        .values(
            state=State.CANCELLED.value,
            sealed=None,
            lease_until=None,
            next_attempt_at=None,
            fault=None,
            smtp_answer=reason,
        )
    )
    return cancelled.rowcount == 1


def find(connection: Connection, notification_id: str) -> Notification | None:
    """Give one row."""
    found = find_many(connection, [notification_id])
    return found[0] if found else None


def find_many(connection: Connection, notification_ids: Sequence[str]) -> list[Notification]:
    """Give the rows that exist among these ids, oldest first."""
    query = select(notifications).where(_row.id.in_(notification_ids)).order_by(_row.created_at, _row.id)
    return [_record(row) for row in connection.execute(query).mappings()]


def list_newest(connection: Connection, *, limit: int) -> list[Notification]:
    """Give the newest rows, newest first."""
    query = select(notifications).order_by(_row.created_at.desc(), _row.id).limit(limit)
    return [_record(row) for row in connection.execute(query).mappings()]


def list_due(connection: Connection, *, now: datetime, left_lying_since: datetime, limit: int) -> list[str]:
    """Give the ids that wait for somebody to take them: the first queue's first, then the longest due."""
    left_lying = and_(_row.state == State.QUEUED.value, _row.created_at <= left_lying_since)
    query = (
        select(_row.id)
        .where(or_(left_lying, _is_due_again(now)))
        .order_by(
            case((_row.queue == FIRST_QUEUE_NAME, 0), else_=1),
            func.coalesce(_row.next_attempt_at, _row.lease_until, _row.created_at),
        )
        .limit(limit)
    )
    return list(connection.execute(query).scalars())


def _may_be_taken(now: datetime) -> ColumnElement[bool]:
    return or_(_row.state == State.QUEUED.value, _is_due_again(now))


def _is_due_again(now: datetime) -> ColumnElement[bool]:
    return or_(
        and_(_row.state == State.DEFERRED.value, _row.next_attempt_at <= now),
        _lease_ran_out(now),
    )


def _lease_ran_out(now: datetime) -> ColumnElement[bool]:
    return and_(_row.state == State.SENDING.value, _row.lease_until <= now)


def _is_lease(notification_id: str, lease: int) -> ColumnElement[bool]:
    return and_(_row.id == notification_id, _row.state == State.SENDING.value, _row.leases == lease)


def _settle(connection: Connection, held: Notification, fault: DeliveryError, values: dict[str, Any]) -> bool:
    settled = connection.execute(
        update(notifications)
        .where(_is_lease(held.id, held.leases))
        .values(lease_until=None, fault=fault.code, smtp_answer=str(fault), **values)
    )
    return settled.rowcount == 1


def _record(row: RowMapping) -> Notification:
    return Notification(**{**row, "state": State(row["state"])})
