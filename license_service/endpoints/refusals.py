"""Which status each error of ours is answered with, and how the OpenAPI document says so (RFC 9457)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

from marshmallow import EXCLUDE, Schema, fields

from license_service.domain.errors import ClaimRefusedError, NotFoundError
from wire.problem import PROBLEM_TYPE, Problem
from wire.serving.problem_handler import problem_response

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from flask import Flask, Response

    from license_service.domain.errors import LicenseServiceError
    from license_service.endpoints.request_parser import ApiBlueprint

View = TypeVar("View", bound="Callable[..., Any]")

_STATUS: Final[dict[type[LicenseServiceError], int]] = {NotFoundError: 404, ClaimRefusedError: 409}

_ANY_ROUTE: Final = (
    Problem(401, "missing_token", "Send an access token as a bearer token."),
    Problem(401, "invalid_token", "The token has expired."),
    Problem(403, "insufficient_scope", "The token lacks the scope 'entitlements'."),
    Problem(503, "temporarily_unavailable", "Something we need does not answer. Try again soon."),
)
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
_DESCRIPTIONS: Final = {
    400: "The body is not JSON",
    401: "No good access token (RFC 6750 §3)",
    403: "The access token lacks the scope",
    404: "Not there",
    409: "Refused as the records stand",
    413: "The body is over 64 KiB",
    415: "The body does not say that it is JSON",
    422: "Fields are missing, wrong, unknown or given twice",
    503: "The database or the issuer's keys cannot be had; `Retry-After` says when to try again",
}


class ProblemSchema(Schema):
    """A problem document (RFC 9457 §3.1) with the extensions `code` and `errors` (§3.2)."""

    class Meta:
        """Readers pass over members that they do not know (§3.2)."""

        unknown = EXCLUDE

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True, metadata={"description": "What was wrong and what to do, for people."})
    code = fields.String(required=True, metadata={"description": "Stable, for machines."})
    errors = fields.Dict(metadata={"description": "For each field that is wrong, what is wrong with it."})


def problem_of(error: LicenseServiceError | type[LicenseServiceError]) -> Problem:
    """Give the problem document of an error that a caller can bring about."""
    kind = error if isinstance(error, type) else type(error)
    status = next(status for branch, status in _STATUS.items() if issubclass(kind, branch))
    return Problem(status=status, code=kind.code, detail=kind.sentence)


def install_refusals(app: Flask) -> None:
    """Answer the errors of the two branches that a caller can bring about."""

    def refuse(error: LicenseServiceError) -> Response:
        return problem_response(problem_of(error))

    for branch in _STATUS:
        app.register_error_handler(branch, refuse)


def refuses(
    routes: ApiBlueprint, *errors: type[LicenseServiceError], body: bool = False, query: bool = False
) -> Callable[[View], View]:
    """Decorate a view; the document then lists these errors, and those that any route, body or query can end in."""
    problems = [*_ANY_ROUTE, *(problem_of(error) for error in errors)]
    problems += _ANY_BODY if body else ()
    problems += _ANY_FIELDS if body or query else ()

    answers = {
        status: {
            "description": _DESCRIPTIONS[status],
            "content": {PROBLEM_TYPE: {"schema": ProblemSchema, "examples": examples}},
        }
        for status, examples in _by_status(problems).items()
    }
    documented: Callable[[View], View] = routes.doc(responses=answers)
    return documented


def _by_status(problems: Iterable[Problem]) -> dict[int, dict[str, Any]]:
    grouped: dict[int, dict[str, Any]] = {}
    for problem in sorted(problems, key=lambda problem: problem.status):
        grouped.setdefault(problem.status, {})[problem.code] = {"value": problem.document()}
    return grouped
