"""The texts that identifiers may be; nothing else gets past the edge, so no NUL and no surprise reaches a table."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from marshmallow import ValidationError, fields, validate

if TYPE_CHECKING:
    from collections.abc import Callable

UUID_PATTERN: Final = "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"
CODE_PATTERN: Final = "^[a-z0-9][a-z0-9._-]{0,63}$"
LONGEST_LABEL: Final = 64
LONGEST_NAME: Final = 120
# Control characters, line ends, and formatting that shows a label as another one (T42, T51, T66).
_UNSEEN: Final = r"\x00-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
_SPACES: Final = r" \xa0\u1680\u2000-\u200a\u202f\u205f\u3000"
LABEL_PATTERN: Final = f"^[^{_UNSEEN}{_SPACES}]([^{_UNSEEN}]*[^{_UNSEEN}{_SPACES}])?$"


class Whole:
    """A validator of the whole text: Python's `$` alone would let a last newline through.

    The OpenAPI document takes the pattern from the attribute `regex`.
    """

    def __init__(self, pattern: str, *, error: str) -> None:
        self.regex = re.compile(pattern)
        self._error = error

    def __call__(self, value: str) -> None:
        """Raise ValidationError when the text does not match."""
        if self.regex.fullmatch(value) is None:
            raise ValidationError(self._error)


class UuidText(fields.String):
    """A UUID in its canonical text form (RFC 9562 §4); read in either case, kept in lower case."""

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401 - as marshmallow declares them
        super().__init__(validate=Whole(UUID_PATTERN, error="Must be a UUID."), metadata={"format": "uuid"}, **kwargs)

    def _deserialize(self, *args: Any, **kwargs: Any) -> str:  # noqa: ANN401 - as marshmallow declares them
        return str(super()._deserialize(*args, **kwargs)).lower()


def code_text(**kwargs: Any) -> fields.String:  # noqa: ANN401 - as marshmallow declares them
    """Make the field of a code of the catalog or a feature, such as `xms` (S3-21)."""
    wanted = "Must be lower-case letters, digits, '.', '_' or '-', at most 64, and begin with a letter or digit."
    return fields.String(validate=Whole(CODE_PATTERN, error=wanted), **kwargs)


def label_text(longest: int = LONGEST_LABEL, **kwargs: Any) -> fields.String:  # noqa: ANN401 - as above
    """Make the field of a text that people choose and see, such as ID #."""
    wanted = "Must be one line of visible text without white space at its ends."
    rules: list[Callable[[str], object]] = [
        validate.Length(min=1, max=longest),
        Whole(LABEL_PATTERN, error=wanted),
        _in_utf_8,
    ]
    return fields.String(validate=rules, **kwargs)


def _in_utf_8(value: str) -> None:
    # JSON can spell half a character, which no table takes.
    if any("\ud800" <= sign <= "\udfff" for sign in value):
        raise ValidationError("Must be whole characters.")


def all_different(values: list[str]) -> None:
    """Raise ValidationError when a text stands twice."""
    if len(set(values)) != len(values):
        raise ValidationError("Name each once.")


def each_component_once(values: list[dict[str, Any]]) -> None:
    """Raise ValidationError when two entries are of one component."""
    all_different([value["component_code"] for value in values])
