"""The rows of `synchronizations`: each run, with what it changed (S2-12, S2-13, F07)."""

from __future__ import annotations

from dataclasses import astuple, fields
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, select, update

from database.instants import Instant
from license_service.domain.page import Page
from license_service.domain.synchronization import NamedKey, RunStatus, Synchronization, Trigger
from license_service.storage.insertion import insert_if_absent
from license_service.storage.keyset import matching, read_page
from license_service.storage.tables import synchronizations

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Connection

    from license_service.domain.page import PageWanted

_columns: Final = synchronizations.c
_KEY_LISTS: Final = ("added", "changed", "removed")
_END_DEAD_RUNS: Final = (
    update(synchronizations)
    .where(
        _columns.organization_id == bindparam("this_organization"),
        _columns.status == RunStatus.RUNNING,
        _columns.leased_until <= bindparam("now", type_=Instant),
    )
    .values(status=RunStatus.INTERRUPTED, finished_at=_columns.leased_until)
)
_BY_AGE: Final = (_columns.started_at, _columns.id)
_LATEST: Final = (
    select(synchronizations)
    .where(_columns.organization_id == bindparam("this_organization"))
    .order_by(*(column.desc() for column in _BY_AGE))
    .limit(1)
)


def begin(connection: Connection, run: Synchronization) -> bool:
    """Insert a run, or say that another of its organization is under way; one whose lease is over counts as ended."""
    dead = {"this_organization": run.organization_id, "now": run.started_at}
    connection.execute(_END_DEAD_RUNS, dead)
    # The partial unique index lets one be under way.
    return insert_if_absent(connection, synchronizations, _values(run))


def end(connection: Connection, run: Synchronization, now: datetime) -> bool:
    """Keep how a run ended, or say that it was taken for dead by now."""
    still_running = (
        _columns.id == run.id,
        _columns.status == RunStatus.RUNNING,
        _columns.leased_until > now,
    )
    return connection.execute(update(synchronizations).where(*still_running).values(_values(run))).rowcount == 1


def latest(connection: Connection, organization_id: str) -> Synchronization | None:
    """Give the last run that was begun."""
    row = connection.execute(_LATEST, {"this_organization": organization_id}).mappings().one_or_none()
    return None if row is None else _run(row)


def by_id(connection: Connection, run_id: str, visible_to: str | None) -> Synchronization | None:
    """Give the run, or None when there is none that this organization (None: anybody) may see."""
    query = select(synchronizations).where(*matching(synchronizations, visible_to, {"id": run_id}))
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else _run(row)


def listed(
    connection: Connection, visible_to: str | None, filters: Mapping[str, Any], wanted: PageWanted
) -> Page[Synchronization]:
    """Give the runs that are like this, the newest first."""
    query = select(synchronizations).where(*matching(synchronizations, visible_to, filters))
    rows = read_page(connection, query, _BY_AGE, wanted, last_first=True)
    return Page((_run(row) for row in rows), rows.end)


def _run(row: Mapping[Any, Any]) -> Synchronization:
    values = {field.name: row[field.name] for field in fields(Synchronization)}
    lists = {name: tuple(NamedKey(*pair) for pair in row[name]) for name in _KEY_LISTS}
    return Synchronization(
        **{**values, **lists, "trigger": Trigger(row["trigger"]), "status": RunStatus(row["status"])}
    )


def _values(run: Synchronization) -> dict[str, Any]:
    values = {field.name: getattr(run, field.name) for field in fields(run)}
    return {**values, **{name: [list(astuple(key)) for key in values[name]] for name in _KEY_LISTS}}
