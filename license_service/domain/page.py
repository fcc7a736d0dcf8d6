"""A page of a list: how much of it is wanted and from where on, and where the next one begins.

A position is what the list is ordered by, of the last record that was given. It is never a count of records: that would
show a record twice, or never, when another is added, and cost more the further it leads.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

DEFAULT_LIMIT: Final = 50
LARGEST_LIMIT: Final = 200

Position: TypeAlias = tuple[date | str, ...]

Record = TypeVar("Record")


@dataclass(frozen=True, slots=True)
class PageWanted:
    """At most `limit` records (None: all) of those that come after a position; from the first when there is none."""

    limit: int | None = DEFAULT_LIMIT
    after: Position | None = None


EVERYTHING: Final = PageWanted(limit=None)


class Page(list[Record]):
    """The records of a page in the list's order; `end` is the position of the last one when there are more."""

    __slots__ = ("end",)

    def __init__(self, records: Iterable[Record], end: Position | None = None) -> None:
        super().__init__(records)
        self.end = end
