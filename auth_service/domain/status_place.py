"""Which place in which status list a grant has: its number in the order of approvals, cut into lists."""

from __future__ import annotations

from wire.claims import StatusReference
from wire.status_list import PLACES_OF_A_LIST, STATUS_LIST_PATH


def status_list_uri(issuer: str, number: int) -> str:
    """Give where a list is fetched, which is also its `sub`."""
    return f"{issuer}{STATUS_LIST_PATH}/{number}"


def status_place(issuer: str, status_index: int) -> StatusReference:
    """Give the place of a grant with this index."""
    number, place = divmod(status_index, PLACES_OF_A_LIST)
    return StatusReference(uri=status_list_uri(issuer, number), index=place)


def status_index_at(issuer: str, place: StatusReference) -> int | None:
    """Give the index of the grant that has this place, or None when it is in no list of ours."""
    number = place.uri.removeprefix(f"{issuer}{STATUS_LIST_PATH}/")
    return int(number) * PLACES_OF_A_LIST + place.index if number.isdecimal() else None
