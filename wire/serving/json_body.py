"""Read a request's body as JSON, strictly: one way for every API of ours (T45, T49, T50).

400 for a body that is not JSON, 415 for one that does not say it is.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NoReturn

from wire.serving.problem_handler import ProblemError

if TYPE_CHECKING:
    from flask import Request

JSON_TYPE: Final = "application/json"


def read_json_body(request: Request) -> Any:  # noqa: ANN401 - JSON is anything until the schema has seen it
    """Read the body. Raises ProblemError 415 or 400."""
    if request.mimetype != JSON_TYPE:
        raise ProblemError(415, "unsupported_media_type", f"Send the body as {JSON_TYPE}.")
    return read_json(request.get_data())


def read_json(content: bytes) -> Any:  # noqa: ANN401 - as read_json_body
    """Read one JSON document. Raises ProblemError 400, also for NaN, repeated members and any depth Python refuses."""
    try:
        return json.loads(
            content.decode(), object_pairs_hook=_members, parse_float=_number, parse_constant=_no_constant
        )
    except (ValueError, RecursionError) as fault:
        detail = "The body must be one JSON document in UTF-8 in which no member is named twice."
        raise ProblemError(400, "malformed_json", detail) from fault


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("A member is named twice.")
    return members


def _number(text: str) -> int | float:
    # JSON Schema, and so our document, counts 5.0 as an integer.
    value = float(text)
    return int(value) if value.is_integer() else value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON.")
