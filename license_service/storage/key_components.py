"""The counters in `key_components`: each unit is taken and given back by one statement (T59)."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, case, delete, func, insert, or_, update

from database.instants import Instant
from license_service.storage.tables import key_components

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection

    from license_service.domain.license_key import KeyComponent, OpenKey

_table: Final = key_components.c
_THIS: Final = (_table.key_id == bindparam("this_key"), _table.component_code == bindparam("this_component"))


def _over_since(claimed: ColumnElement[int], since: ColumnElement[Any]) -> ColumnElement[Any]:
    """Give since when more devices sit than there are seats, once `claimed` do; NULL when they do not."""
    return case((claimed > _table.seats, since))


_TAKE_OWNED: Final = (
    update(key_components)
    .where(*_THIS, _table.seats_claimed < _table.seats)
    .values(seats_claimed=_table.seats_claimed + 1)
)
_TAKE_OVER: Final = (
    update(key_components)
    .where(
        *_THIS,
        _table.seats_claimed < _table.seats + _table.seats * bindparam("percent") // 100,
        or_(_table.over_count_since.is_(None), _table.over_count_since > bindparam("over_since_after", type_=Instant)),
    )
    .values(
        seats_claimed=_table.seats_claimed + 1,
        over_count_since=_over_since(
            _table.seats_claimed + 1, func.coalesce(_table.over_count_since, bindparam("now", type_=Instant))
        ),
    )
)
_GIVE_BACK: Final = (
    update(key_components)
    .where(*_THIS)
    .values(
        seats_claimed=_table.seats_claimed - 1,
        over_count_since=_over_since(_table.seats_claimed - 1, _table.over_count_since),
    )
)


def add(connection: Connection, key_id: str, components: Iterable[KeyComponent]) -> None:
    rows = [{"key_id": key_id, **asdict(component)} for component in components]
    if rows:
        connection.execute(insert(key_components), rows)


def set_seats(connection: Connection, key_id: str, component_code: str, seats: int) -> bool:
    """Give the component another number of seats, or say that more devices sit than that.

    Who sits over the count stays there as long as the seats do not become fewer.
    """
    this = (_table.key_id == key_id, _table.component_code == component_code)
    fits = or_(_table.seats_claimed <= seats, _table.seats <= seats)
    over_since = case((_table.seats_claimed > seats, _table.over_count_since))
    changed = update(key_components).where(*this, fits).values(seats=seats, over_count_since=over_since)
    return connection.execute(changed).rowcount == 1


def remove(connection: Connection, key_id: str, component_code: str) -> bool:
    """Take a component away from a key, or say that somebody sits on it."""
    this = (_table.key_id == key_id, _table.component_code == component_code)
    return connection.execute(delete(key_components).where(*this, _table.seats_claimed == 0)).rowcount == 1


def set_claimed(connection: Connection, key_id: str, claimed: Mapping[str, int]) -> None:
    """Set every counter of a key whose seats were all moved or released, or that is new: what is not named is zero.

    Only while the key cannot be claimed on.
    """
    nobody = update(key_components).where(_table.key_id == key_id).values(seats_claimed=0, over_count_since=None)
    connection.execute(nobody)
    for code, count in claimed.items():
        this = (_table.key_id == key_id, _table.component_code == code)
        connection.execute(update(key_components).where(*this).values(seats_claimed=count))


def take_owned(connection: Connection, key_id: str, component_code: str) -> bool:
    """Count one unit more as taken, or say that every one that is owned is."""
    return connection.execute(_TAKE_OWNED, {"this_key": key_id, "this_component": component_code}).rowcount == 1


def take_over(connection: Connection, key: OpenKey, component_code: str, now: datetime) -> bool:
    """Count one unit more as taken as far as the over-count policy lets it, or say that it does not (S1-11)."""
    values = {
        "this_key": key.id,
        "this_component": component_code,
        "percent": key.over_count.percent,
        "over_since_after": now - timedelta(days=key.over_count.days),
        "now": now,
    }
    return connection.execute(_TAKE_OVER, values).rowcount == 1


def give_back(connection: Connection, key_id: str, component_code: str) -> None:
    """Count one unit less as taken."""
    connection.execute(_GIVE_BACK, {"this_key": key_id, "this_component": component_code})
