"""The counters in `access_places`: members with access to a component, never more than it has seats (S2-25)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, select, update

from license_service.domain.errors import NoPlaceFreeError
from license_service.storage.insertion import insert_if_absent
from license_service.storage.tables import access_places, key_components

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

_table: Final = access_places.c
_THIS: Final = (_table.key_id == bindparam("this_key"), _table.component_code == bindparam("this_component"))
# No row where the key lacks the component, and then the comparison holds for none.
_SEATS: Final = (
    select(key_components.c.seats)
    .where(
        key_components.c.key_id == bindparam("this_key"), key_components.c.component_code == bindparam("this_component")
    )
    .scalar_subquery()
)
_TAKE: Final = (
    update(access_places)
    .where(*_THIS, _table.taken + bindparam("count") <= _SEATS)
    .values(taken=_table.taken + bindparam("count"))
)
_GIVE_BACK: Final = update(access_places).where(*_THIS).values(taken=_table.taken - bindparam("count"))


def change(connection: Connection, key_id: str, counts: Mapping[str, int]) -> None:
    """Count so many members more, or fewer, by component. Raises NoPlaceFreeError.

    What is given back is given back also where a switch left more members than there are seats. Always in one order, so
    that no two wait for each other.
    """
    for code in sorted(code for code, count in counts.items() if count):
        values = {"this_key": key_id, "this_component": code, "count": abs(counts[code])}
        if counts[code] < 0:
            connection.execute(_GIVE_BACK, values)
            continue
        insert_if_absent(connection, access_places, {"key_id": key_id, "component_code": code, "taken": 0})
        if connection.execute(_TAKE, values).rowcount != 1:
            raise NoPlaceFreeError
