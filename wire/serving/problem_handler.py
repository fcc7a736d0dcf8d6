"""The one error handler that turns exceptions into problem documents (RFC 9457), and the limits on a request's size.

A fault of the caller is a 4xx that says what to do; a thing we depend on that does not answer is a 503 with
Retry-After; anything else is a 500 that says nothing but the request's id.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from flask import Response, g, json
from werkzeug.exceptions import HTTPException, SecurityError

from wire.errors import UnreachableError
from wire.problem import PROBLEM_TYPE, Problem
from wire.serving.request_body import install_body_limits

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flask import Flask

RETRY_AFTER_SECONDS: Final = 5

_log = logging.getLogger(__name__)


class ProblemError(Exception):
    """Raised at the edge when a request ends in a problem document."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        errors: Mapping[str, Any] | None = None,
        headers: Sequence[tuple[str, str]] = (),
    ) -> None:
        super().__init__(detail)
        self.problem = Problem(status=status, code=code, detail=detail, errors=errors)
        self.headers = headers

    @classmethod
    def of(cls, problem: Problem) -> ProblemError:
        """Make the error that ends in this problem document."""
        return cls(problem.status, problem.code, problem.detail, errors=problem.errors)


def install_problem_handler(app: Flask, *, unavailable: tuple[type[Exception], ...] = ()) -> None:
    """Make every error of `app` a problem document, and limit bodies (T48, T49).

    `unavailable` names the errors that mean "a thing we depend on does not answer", beside wire's own.
    """
    install_body_limits(app)
    # A redirect to the tidy address would lead a token to the port and scheme that the request itself says (T40).
    app.url_map.merge_slashes = False
    app.register_error_handler(ProblemError, problem_error_response)
    app.register_error_handler(HTTPException, http_problem_response)
    away: tuple[type[Exception], ...] = (UnreachableError, *unavailable)
    for kind in away:
        app.register_error_handler(kind, _from_unavailable)
    app.register_error_handler(RecursionError, _from_deep_nesting)
    app.register_error_handler(Exception, _from_anything)


def problem_response(problem: Problem) -> Response:
    """Shape the HTTP answer of a problem; never cached."""
    response = Response(json.dumps(problem.document()), status=problem.status, content_type=PROBLEM_TYPE)
    response.headers["Cache-Control"] = "no-store"
    if problem.status == 503:
        response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def problem_error_response(error: ProblemError) -> Response:
    """Shape the answer that a ProblemError asks for."""
    response = problem_response(error.problem)
    for name, value in error.headers:
        response.headers.add(name, value)
    return response


def http_problem_response(error: HTTPException) -> Response:
    """Shape werkzeug's own errors (routing, body limits) as problem documents."""
    status = error.code or 500
    response = problem_response(
        Problem(status=status, code=error.name.lower().replace(" ", "_"), detail=sentence_of(error))
    )
    for name, value in error.get_headers():
        # Allow (405) and Retry-After (429) belong to the status; the body's own headers are ours.
        if name in {"Allow", "Retry-After", "WWW-Authenticate"}:
            response.headers[name] = value
    return response


def sentence_of(error: HTTPException) -> str:
    """Give what one of werkzeug's own errors says, without what the asker sent."""
    if isinstance(error, SecurityError):
        # Its own text repeats the Host.
        return "The Host of the request is not ours."
    return error.description or error.name


def _from_unavailable(error: Exception) -> Response:
    _log.warning("unavailable", extra={"reason": str(error)})
    return problem_response(
        Problem(status=503, code="temporarily_unavailable", detail="Something we need does not answer. Try again soon.")
    )


def _from_deep_nesting(error: RecursionError) -> Response:
    # Nothing of ours nests so deep: it is JSON, whose reader fails on it with an error that Flask does not expect.
    _log.warning("nested too deeply", exc_info=error)
    return problem_response(Problem(status=400, code="bad_request", detail="The request is nested too deeply."))


def _from_anything(error: Exception) -> Response:
    _log.error("unexpected error", exc_info=error)
    return problem_response(
        Problem(status=500, code="internal_error", detail=f"Our fault. Quote this id to us: {g.get('request_id', '-')}")
    )
