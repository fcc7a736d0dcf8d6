"""How the list is given: a page at a time, with a cursor that leads to the next one.

As license_service gives its lists: `?limit=` says how many, `?cursor=` where to go on; the answer is `{"items": […],
"next_cursor": …}`, whose cursor is null on the last page. A cursor stands for a place and not for rights.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from marshmallow import ValidationError, fields

from notify_service.domain.page import Position

CURSOR_PATTERN: Final = "^[A-Za-z0-9_-]{1,200}$"
_BROKEN: Final = "Must be the next_cursor of a page of this list."
_SEPARATOR: Final = "/"


class Cursor(fields.String):
    """Where a page begins; what is not as we write it is refused."""

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401 - as marshmallow declares them
        told = "The `next_cursor` of the page before."
        super().__init__(metadata={"description": told, "pattern": CURSOR_PATTERN}, **kwargs)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as above
        text = super()._deserialize(value, *args, **kwargs)
        try:
            position = _position(text)
        except ValueError as fault:
            raise ValidationError(_BROKEN) from fault
        if cursor_of(position) != text:
            raise ValidationError(_BROKEN)
        return position


def cursor_of(position: Position) -> str:
    text = f"{position.created_at.isoformat()}{_SEPARATOR}{position.id}"
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _position(text: str) -> Position:
    if re.fullmatch(CURSOR_PATTERN, text) is None:
        raise ValueError(_BROKEN)
    created_at, notification_id = urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("ascii").split(_SEPARATOR)
    position = Position(datetime.fromisoformat(created_at), str(UUID(notification_id)))
    # Near the ends of time another offset has no UTC.
    if position.created_at.utcoffset() != timedelta(0):
        raise ValueError(_BROKEN)
    return position
