"""The texts that identifiers may be; nothing else gets past the edge, so no NUL and no surprise reaches a table."""

from __future__ import annotations

import re
from typing import Any, Final

from marshmallow import ValidationError, fields

UUID_PATTERN: Final = "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"
FEATURE_PATTERN: Final = "^[a-z0-9][a-z0-9._-]{0,63}$"


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


def feature_name() -> fields.String:
    """Make the field of one feature, such as `xms` (S3-21)."""
    wanted = "Must be lower-case letters, digits, '.', '_' or '-', at most 64, and begin with a letter or digit."
    return fields.String(validate=Whole(FEATURE_PATTERN, error=wanted))


def all_different(values: list[str]) -> None:
    """Raise ValidationError when a text stands twice."""
    if len(set(values)) != len(values):
        raise ValidationError("Name each once.")
