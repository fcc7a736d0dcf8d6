"""The ledger rows: write down once, take a lease, settle, send again, erase.

Whatever may happen once is one conditional statement whose row count tells whether it happened (T56, F12, F25).
`leases` rises with each lease and so names it: a worker that lost its lease settles nothing.
"""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, case, func, or_, select, update

from notify_service.domain.limit import mailbox_of
from notify_service.domain.notification import Notification, State
from notify_service.storage.tables import notifications
from notify_service.storage.write_once import write_once
from wire.notification_contexts import FIRST_QUEUE_NAME

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, RowMapping

    from notify_service.domain.errors import DeliveryError

_row = notifications.c
COLUMNS: Final = [_row[field.name] for field in fields(Notification)]
"""What `record` takes."""

# Of a worker that was suspended past its lease, whatever became of the row meanwhile.
_WAITING: Final = [State.QUEUED.value, State.DEFERRED.value]
_MAY_HAVE_BEEN_SENT: Final = [state.value for state in (State.SENDING, State.DEFERRED, State.CANCELLED, State.FAILED)]


def write_down(connection: Connection, notification: Notification) -> bool:
    """Add a row; False when its id is in the ledger already."""
    derived = {"state": notification.state.value, "mailbox": mailbox_of(notification.recipient)}
    return write_once(connection, notifications, {**asdict(notification), **derived})


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
    """Try the email no more; False when the lease is no longer ours.

    What one said that failed is kept, for an operator who may have it sent again.
    """
    kept = {} if state is State.FAILED else {"sealed": None}
    return _settle(connection, held, fault, {"state": state.value, **kept})


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


def send_again(connection: Connection, notification_id: str, *, now: datetime) -> bool:
    """Let an email that was not sent be tried now, as if it were new; False when it is not to be, or says nothing."""
    resent = connection.execute(
        update(notifications)
        .where(
            _row.id == notification_id,
            _row.state.in_([State.DEFERRED.value, State.FAILED.value, State.HELD.value]),
            _row.sealed.is_not(None),
        )
        .values(
            state=State.DEFERRED.value, attempts=0, lost_leases=0, next_attempt_at=now, resent_at=now, counted_at=now
        )
    )
    return resent.rowcount == 1


def erase_contents(connection: Connection, *, asked_until: datetime) -> int:
    """Erase what those emails say that were given up and last asked for by then; give how many there were."""
    asked_at = func.coalesce(_row.resent_at, _row.created_at)
    given_up = _row.state.in_([State.FAILED.value, State.HELD.value])
    erased = connection.execute(
        update(notifications).where(given_up, _row.sealed.is_not(None), asked_at <= asked_until).values(sealed=None)
    )
    return erased.rowcount


def find(connection: Connection, notification_id: str) -> Notification | None:
    """Give one row."""
    found = connection.execute(select(*COLUMNS).where(_row.id == notification_id)).mappings().first()
    return record(found) if found else None


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


def record(row: RowMapping) -> Notification:
    """Give a row's record."""
    return Notification(**{**row, "state": State(row["state"])})
