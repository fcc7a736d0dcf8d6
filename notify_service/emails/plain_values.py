"""Values of a context as an email may show them: one line that says what its letters say, and leads nowhere (T51, T54).

Names come from people, also from people who want to write to a stranger. What turns the direction of writing is taken
out; what a mail program would make a link of is parted by a space that has no width. Our own links are no names.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any, Final

from wire.notification_contexts import links_in

if TYPE_CHECKING:
    from collections.abc import Mapping

# Controls, lone surrogates, line and paragraph separators, and the marks that turn the direction of writing: each can
# make a line say something else than its letters do, or not be written at all.
_REFUSED_CATEGORIES: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
_DIRECTION_MARKS: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

# Between letters, as in shop.example and a@shop, and in https:// and www.
_MAKES_A_LINK: Final = re.compile(r"(?<=\w)(?:[.@\u3002\uff0e\uff61](?=[^\W\d_]{2})|:(?=//|\\\\))")
_NO_WIDTH: Final = "\u200b"


def plain_values(template: str, context: Mapping[str, Any]) -> dict[str, Any]:
    """Give the context as its template may show it."""
    links = links_in(template, context)
    return {name: value if name in links else _plain(value) for name, value in context.items()}


def _plain(value: Any) -> Any:  # noqa: ANN401 - a context holds what its schema allows
    if isinstance(value, str):
        line = " ".join("".join(map(_shown, value)).split())
        return _MAKES_A_LINK.sub(rf"\g<0>{_NO_WIDTH}", line)
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


def _shown(character: str) -> str:
    if character in _DIRECTION_MARKS:
        return ""
    return " " if unicodedata.category(character) in _REFUSED_CATEGORIES else character
