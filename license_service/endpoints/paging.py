"""How every list is given: a page at a time, with a cursor that leads to the next one.

`?limit=` says how many (50, at most 200), `?cursor=` where to go on; the answer is `{"items": […], "next_cursor": …}`,
whose cursor is null on the last page. A cursor stands for a place and not for rights: whose records are listed is asked
anew with each page.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from marshmallow import EXCLUDE, RAISE, Schema, ValidationError, fields, post_load, validate

from license_service.domain.page import DEFAULT_LIMIT, LARGEST_LIMIT, PageWanted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from license_service.domain.page import Page, Position

CURSOR_PATTERN: Final = "^[A-Za-z0-9_-]{1,200}$"
EXAMPLE_CURSOR: Final = "MjAyNi0wNi0wMVQwOTowMDowMCswMDowMC85ZjJmM2M2NC0wZDhiLTRiMGUtYTVmMy03YTFkOWEzZjVjMjE"
_BROKEN: Final = "Must be the next_cursor of a page of this list."
_SEPARATOR: Final = "/"
_NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")


class WholeNumber(fields.Integer):
    """A whole number in a query, in the one way that a JSON document writes it."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> int:  # noqa: ANN401 - as marshmallow declares them
        if not isinstance(value, str) or re.fullmatch(r"0|-?[1-9][0-9]{0,9}", value, re.ASCII) is None:
            raise self.make_error("invalid")
        return super()._deserialize(value, *args, **kwargs)


class Cursor(fields.String):
    """Where a page begins, of a list that is ordered by `kinds`; what is not as we write it is refused."""

    def __init__(self, *kinds: type, **kwargs: Any) -> None:  # noqa: ANN401 - as marshmallow declares them
        told = "The `next_cursor` of the page before."
        super().__init__(metadata={"description": told, "pattern": CURSOR_PATTERN, "example": EXAMPLE_CURSOR}, **kwargs)
        self._kinds = kinds

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as above
        text = super()._deserialize(value, *args, **kwargs)
        try:
            position = _position(text, self._kinds)
        except ValueError as fault:
            raise ValidationError(_BROKEN) from fault
        if cursor_of(position) != text:
            raise ValidationError(_BROKEN)
        return position


class PageQuerySchema(Schema):
    """Which page of a list that is ordered by an instant and an id; a list adds its filters."""

    class Meta:
        """A parameter that is not known is refused: a mistyped filter would list something else."""

        unknown = RAISE

    limit = WholeNumber(
        load_default=DEFAULT_LIMIT,
        validate=validate.Range(min=1, max=LARGEST_LIMIT),
        metadata={"description": "How many records at most.", "example": DEFAULT_LIMIT},
    )
    cursor = Cursor(datetime, str, load_default=None)

    @post_load
    def _make(self, values: dict[str, Any], **_: object) -> dict[str, Any]:
        """Give `wanted` beside the filters that were given."""
        return {"wanted": PageWanted(values.pop("limit"), values.pop("cursor")), **values}


class CodesPageQuerySchema(PageQuerySchema):
    """Which page of a list that is ordered by a code."""

    class Meta:
        """As PageQuerySchema."""

        unknown = RAISE

    cursor = Cursor(str, load_default=None)


class PageSchema(Schema):
    """One page; a list adds `items`."""

    class Meta:
        """A newer license_service may say more."""

        unknown = EXCLUDE

    next_cursor = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The `cursor` of the next page; null on the last."},
    )


def page_document(page: Page[Any]) -> dict[str, Any]:
    """Give a page as a PageSchema dumps it."""
    return {"items": page, "next_cursor": None if page.end is None else cursor_of(page.end)}


def page_example(*items: Mapping[str, Any]) -> dict[str, Any]:
    """Give the example of a page that is not the last."""
    return {"items": list(items), "next_cursor": EXAMPLE_CURSOR}


def cursor_of(position: Position) -> str:
    text = _SEPARATOR.join(part.isoformat() if isinstance(part, date) else part for part in position)
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _position(text: str, kinds: Sequence[type]) -> Position:
    if re.fullmatch(CURSOR_PATTERN, text) is None:
        raise ValueError(_BROKEN)
    parts = urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("ascii").split(_SEPARATOR)
    return tuple(_part(part, kind) for part, kind in zip(parts, kinds, strict=True))


def _part(text: str, kind: type) -> date | str:
    if kind is date:
        return date.fromisoformat(text)
    if kind is datetime:
        instant = datetime.fromisoformat(text)
        # Near the ends of time another offset has no UTC.
        if instant.utcoffset() != timedelta(0):
            raise ValueError(_BROKEN)
        return instant
    if _NAME.fullmatch(text) is None:
        raise ValueError(_BROKEN)
    return text
