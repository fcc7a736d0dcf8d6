"""Which status each error of ours is answered with, and how the OpenAPI document says so (RFC 9457)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

from license_service.domain.errors import (
    ChangeRefusedError,
    ClaimRefusedError,
    IdempotencyKeyReusedError,
    LicenseServiceError,
    NotFoundError,
    StalePreviewError,
    StaleVersionError,
)
from wire.errors import AccessKeyRefusedError
from wire.problem import Problem
from wire.serving.api_document import ANY_ROUTE, problem_answers
from wire.serving.problem_handler import problem_response

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask, Response

    from license_service.endpoints.request_parser import ApiBlueprint

View = TypeVar("View", bound="Callable[..., Any]")

_Refusal = LicenseServiceError | AccessKeyRefusedError

_STATUS: Final[dict[type[LicenseServiceError], int]] = {
    NotFoundError: 404,
    ClaimRefusedError: 409,
    ChangeRefusedError: 409,
    StaleVersionError: 412,
    StalePreviewError: 412,
    IdempotencyKeyReusedError: 422,
}

LOCATION: Final = {
    "Location": {"description": "Where the record is read.", "schema": {"type": "string", "format": "uri-reference"}}
}
"""The header of every answer 201 that has one."""

_ANY_BODY: Final = (
    Problem(400, "malformed_json", "The body must be one JSON document in UTF-8 in which no member is named twice."),
    Problem(413, "request_entity_too_large", "The data value transmitted exceeds the capacity limit."),
    Problem(415, "unsupported_media_type", "Send the body as application/json."),
)
_ANY_FIELDS: Final = (
    Problem(
        422,
        "invalid_fields",
        "Some fields are wrong; `errors` names them.",
        {"organization_id": ["Must be a UUID."]},
    ),
)


def problem_of(error: _Refusal | type[_Refusal]) -> Problem:
    """Give the problem document of an error that a caller can bring about."""
    kind = error if isinstance(error, type) else type(error)
    if issubclass(kind, AccessKeyRefusedError):
        # Its sentences hold nothing of what was sent.
        sentence = kind.sentence if isinstance(error, type) else str(error)
        return Problem(status=409, code=kind.code, detail=sentence, errors={"access_key": [sentence]})
    status = next(status for branch, status in _STATUS.items() if issubclass(kind, branch))
    errors = None if kind.field is None else {kind.field: [kind.sentence]}
    return Problem(status=status, code=kind.code, detail=kind.sentence, errors=errors)


def install_refusals(app: Flask) -> None:
    """Answer the errors of the branches that a caller can bring about."""

    def refuse(error: _Refusal) -> Response:
        response = problem_response(problem_of(error))
        if isinstance(error, StaleVersionError):
            response.headers["ETag"] = f'"{error.version}"'
        return response

    for branch in (*_STATUS, AccessKeyRefusedError):
        app.register_error_handler(branch, refuse)


def refuses(
    routes: ApiBlueprint,
    *errors: type[_Refusal],
    body: bool = False,
    query: bool = False,
    public: bool = False,
) -> Callable[[View], View]:
    """Decorate a view; the document then lists these errors, and those that any route, body or query can end in.

    A `public` one asks for no token.
    """
    problems = [problem for problem in ANY_ROUTE if not public or problem.status not in {401, 403}]
    problems += [problem_of(error) for error in errors]
    problems += _ANY_BODY if body else ()
    problems += _ANY_FIELDS if body or query else ()
    documented: Callable[[View], View] = routes.doc(responses=problem_answers(problems))
    return documented
