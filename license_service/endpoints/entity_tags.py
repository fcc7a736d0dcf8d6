"""The entity tag of a record (RFC 9110 §8.8.3), and what a request asks of it.

It is the record's version and a digest of the document, such as `"3.6a1f0c5be7d29384"`: what a document shows beside
its record (how many sit, how a date stands today) changes without a new version.

`If-None-Match` on a read: 304 when the caller has the document as it is (§13.1.2). `If-Match` on a change: it must be
there, 428 else (RFC 6585 §3), and name the version that the change was decided on, 412 else with the present one
(§13.1.1), so that nobody undoes what they have not seen. The comparison itself is the action's conditional statement.
"""

from __future__ import annotations

import hashlib
import re
from functools import wraps
from typing import TYPE_CHECKING, Any, Final, TypeVar

from flask import Response, current_app, request

from license_service.domain.errors import StaleVersionError
from license_service.endpoints.refusals import problem_of
from wire.problem import Problem
from wire.serving.api_document import problem_answers
from wire.serving.problem_handler import ProblemError

if TYPE_CHECKING:
    from collections.abc import Callable

    from license_service.endpoints.request_parser import ApiBlueprint

View = TypeVar("View", bound="Callable[..., Any]")

ETAG_PATTERN: Final = '^(W/)?"[!#-~]{0,64}"$'
_NO_RECORDS_VERSION: Final = 0
_EXAMPLE: Final = '"3.6a1f0c5be7d29384"'
_ETAG: Final = {
    "description": "The record as it is: its version, a point, and a digest of the document.",
    "schema": {"type": "string", "pattern": '^"[1-9][0-9]*[.][0-9a-f]{16}"$', "example": _EXAMPLE},
}
_IF_NONE_MATCH: Final = {
    "in": "header",
    "name": "If-None-Match",
    "required": False,
    "description": "An `ETag` that was given before: while it is the record's, the answer is 304 without a body.",
    "schema": {"type": "string", "example": _EXAMPLE},
}
_IF_MATCH: Final = {
    "in": "header",
    "name": "If-Match",
    "required": True,
    "description": 'The `ETag` that the record was read with; its version alone, such as `"3"`, serves as well.',
    "schema": {"type": "string", "pattern": ETAG_PATTERN, "example": _EXAMPLE},
}
_MISSING: Final = Problem(
    428,
    "precondition_required",
    "Send If-Match with the ETag of the record as you have read it.",
    {"If-Match": ["Missing data for required field."]},
)
_MALFORMED: Final = Problem(
    422,
    "invalid_fields",
    "Some fields are wrong; `errors` names them.",
    {"If-Match": ['Must be one entity tag, such as "3".']},
)


def tagged(routes: ApiBlueprint) -> Callable[[View], View]:
    """Decorate a view above its response, of which the document is one record: the answer has its `ETag`."""

    def decorate(view: View) -> View:
        @wraps(view)
        def answered(*args: Any, **kwargs: Any) -> Response:  # noqa: ANN401 - as the view
            response = current_app.make_response(view(*args, **kwargs))
            response.headers["ETag"] = _entity_tag(response)
            return response

        good = getattr(answered, "_apidoc", {}).get("success_status_codes", [])
        documented: View = routes.doc(responses={status: {"headers": {"ETag": _ETAG}} for status in good})(answered)
        return documented

    return decorate


def unless_known(routes: ApiBlueprint) -> Callable[[View], View]:
    """Decorate a view that reads one record, as tagged does: 304 when the caller has it as it is."""

    def decorate(view: View) -> View:
        tagged_view = tagged(routes)(view)

        @wraps(tagged_view)
        def answered(*args: Any, **kwargs: Any) -> Response:  # noqa: ANN401 - as the view
            response: Response = tagged_view(*args, **kwargs)
            tag, _ = response.get_etag()
            if tag is not None and request.if_none_match.contains_weak(tag):
                return Response(status=304, headers={"ETag": response.headers["ETag"]})
            return response

        known = {"description": "The caller has the record as it is", "headers": {"ETag": _ETAG}}
        documented: View = routes.doc(responses={304: known})(routes.parameter(_IF_NONE_MATCH)(answered))
        return documented

    return decorate


def if_match(routes: ApiBlueprint) -> Callable[[View], View]:
    """Decorate a view that changes a record: it is given `expected_version`, what `If-Match` names.

    Its action raises StaleVersionError when the record has another one. Raises ProblemError 428 and 422.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def answered(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as the view
            return view(*args, expected_version=_expected_version(), **kwargs)

        problems = problem_answers([_MISSING, _MALFORMED, problem_of(StaleVersionError)])
        documented: View = routes.doc(responses=problems)(routes.parameter(_IF_MATCH)(answered))
        return documented

    return decorate


def _entity_tag(response: Response) -> str:
    # A record without a version is never changed.
    version = response.get_json().get("version", 1)
    return f'"{version}.{hashlib.sha256(response.get_data()).hexdigest()[:16]}"'


def _expected_version() -> int:
    value = request.headers.get("If-Match")
    if value is None:
        raise ProblemError.of(_MISSING)
    if re.fullmatch(ETAG_PATTERN, value, re.ASCII) is None:
        raise ProblemError.of(_MALFORMED)
    # A weak tag matches nothing here (RFC 9110 §13.1.1), nor does one that is none of ours.
    ours = re.fullmatch(r'"([1-9][0-9]{0,8})([.][0-9a-f]{16})?"', value, re.ASCII)
    return int(ours[1]) if ours else _NO_RECORDS_VERSION
