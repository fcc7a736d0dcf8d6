"""Read one page of a list by the position that it begins after: its cost is that of the page, however far on it is."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import tuple_

from license_service.domain.page import Page

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Column, ColumnElement, Connection, RowMapping, Select, Table

    from license_service.domain.page import PageWanted

NO_FILTERS: Final[Mapping[str, Any]] = MappingProxyType({})


def read_page(
    connection: Connection,
    query: Select[*tuple[Any, ...]],
    order: Sequence[Column[Any]],
    wanted: PageWanted,
    *,
    last_first: bool = False,
) -> Page[RowMapping]:
    """Run `query` for one page. `order` names columns that together are unique and that the query selects."""
    query = query.order_by(*(column.desc() for column in order) if last_first else order)
    if wanted.after is not None:
        place = tuple_(*order)
        query = query.where(place < wanted.after if last_first else place > wanted.after)
    if wanted.limit is not None:
        # One more than is wanted tells whether there are more.
        query = query.limit(wanted.limit + 1)
    rows = connection.execute(query).mappings().all()
    items = rows[: wanted.limit]
    return Page(items, tuple(items[-1][column] for column in order) if len(rows) > len(items) else None)


def matching(table: Table, visible_to: str | None, filters: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    """Give the conditions of a list: whose rows it may show (None: everybody's), and what they are to be like.

    A filter of None is none. Both hold: who asks for another organization's rows finds none (T44).
    """
    of_one = visible_to is not None or filters.get("organization_id") is not None
    conditions = [_column(table, name, of_one=of_one) == value for name, value in filters.items() if value is not None]
    return conditions if visible_to is None else [table.c.organization_id == visible_to, *conditions]


def _column(table: Table, name: str, *, of_one: bool) -> ColumnElement[str]:
    # Within one organization as an expression: SQLite would take the index on the status, which leads through the
    # records of everybody.
    return table.c[name].concat("") if of_one and name == "status" else table.c[name]
