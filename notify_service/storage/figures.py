"""How sending stands, counted in the ledger: every process that asks gives the same numbers."""

from __future__ import annotations

from collections import Counter
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Float, bindparam, case, func, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import FunctionElement

from database.instants import Instant
from notify_service.domain.figures import SENT_WITHIN_SECONDS, Figures, QueueFigures
from notify_service.domain.notification import State
from notify_service.storage import pauses
from notify_service.storage.tables import notifications, refused_addresses, set_aside_messages
from wire.notification_contexts import FIRST_QUEUE_NAME, QUEUE_NAME

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection, CursorResult, RowMapping, Table
    from sqlalchemy.sql.compiler import SQLCompiler

_row = notifications.c


class _SecondsBetween(FunctionElement[float]):
    """The seconds from one instant to a later one, as each database reckons them."""

    type = Float()
    inherit_cache = True


@compiles(_SecondsBetween, "postgresql")
def _on_postgresql(element: _SecondsBetween, compiler: SQLCompiler, **more: Any) -> str:  # noqa: ANN401 - SQLAlchemy's
    earlier, later = (compiler.process(one, **more) for one in element.clauses)
    return f"CAST(EXTRACT(EPOCH FROM ({later} - {earlier})) AS DOUBLE PRECISION)"


@compiles(_SecondsBetween, "sqlite")
def _on_sqlite(element: _SecondsBetween, compiler: SQLCompiler, **more: Any) -> str:  # noqa: ANN401 - SQLAlchemy's
    earlier, later = (compiler.process(one, **more) for one in element.clauses)
    return f"((julianday({later}) - julianday({earlier})) * 86400.0)"


_asked_at = func.coalesce(_row.resent_at, _row.created_at, type_=Instant())
_to_sent = _SecondsBetween(_asked_at, _row.sent_at)
# Its bucket as one expression: reckoning with instants is what this costs, and most fall into the first.
_bound = case(*((_to_sent <= bound, bound) for bound in SENT_WITHIN_SECONDS)).label("bound")
_COUNTED: Final = select(
    _row.queue,
    _row.state,
    _bound,
    func.count().label("notifications"),
    func.sum(_row.leases).label("attempts"),
    func.coalesce(func.sum(_to_sent), 0.0).label("seconds_to_sent"),
).group_by(_row.queue, _row.state, _bound)
_NOW: Final = bindparam("now", type_=Instant)
_DUE_SINCE: Final = case(
    (_row.state == State.QUEUED.value, _asked_at),
    (_row.next_attempt_at <= _NOW, _row.next_attempt_at),
    (_row.lease_until <= _NOW, _row.lease_until),
)
_WAITING: Final = (
    select(
        _row.queue,
        func.min(_asked_at, type_=Instant()).label("oldest_waiting_at"),
        func.min(_DUE_SINCE, type_=Instant()).label("due_since"),
    )
    .where(_row.state.in_([State.QUEUED.value, State.SENDING.value, State.DEFERRED.value]))
    .group_by(_row.queue)
)


def read_figures(connection: Connection, now: datetime) -> Figures:
    """Count everything."""
    counted, waiting = _by_queue(connection.execute(_COUNTED)), _by_queue(connection.execute(_WAITING, {"now": now}))
    return Figures(
        at=now,
        queues={queue: _figures_of(counted[queue], waiting[queue]) for queue in (FIRST_QUEUE_NAME, QUEUE_NAME)},
        pause=pauses.find(connection),
        set_aside=_count(connection, set_aside_messages),
        refused_addresses=_count(connection, refused_addresses),
    )


def _count(connection: Connection, table: Table) -> int:
    return connection.execute(select(func.count()).select_from(table)).scalar_one()


def _by_queue(result: CursorResult[Any]) -> dict[str, list[RowMapping]]:
    queues: dict[str, list[RowMapping]] = {FIRST_QUEUE_NAME: [], QUEUE_NAME: []}
    for row in result.mappings():
        queues[row["queue"]].append(row)
    return queues


def _figures_of(counted: Sequence[RowMapping], waiting: Sequence[RowMapping]) -> QueueFigures:
    states: Counter[str] = Counter()
    bounds: Counter[int | None] = Counter()
    for row in counted:
        states[row["state"]] += row["notifications"]
        bounds[row["bound"]] += row["notifications"]
    return QueueFigures(
        states={state: states[state.value] for state in State},
        attempts=sum(row["attempts"] for row in counted),
        sent_within=list(accumulate(bounds[bound] for bound in SENT_WITHIN_SECONDS)),
        seconds_to_sent=sum(row["seconds_to_sent"] for row in counted),
        oldest_waiting_at=_earliest(waiting, "oldest_waiting_at"),
        due_since=_earliest(waiting, "due_since"),
    )


def _earliest(rows: Sequence[RowMapping], name: str) -> datetime | None:
    return min((row[name] for row in rows if row[name] is not None), default=None)
