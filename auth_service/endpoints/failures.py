"""How each part of the service says that a request failed, in one place.

Protocol endpoints say it as OAuth (RFC 6749 §5.2), pages as a page, everything else as a problem document (RFC 9457).
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from authlib.oauth2 import OAuth2Error
from flask import Response, g, json, request
from werkzeug.exceptions import HTTPException, InternalServerError, SecurityError, ServiceUnavailable, TooManyRequests

from auth_service.domain.errors import LicenseServiceAwayError, SigningKeyAwayError, TooManyRequestsError
from database.errors import DatabaseUnavailableError
from wire.errors import UnreachableError
from wire.serving.problem_handler import (
    RETRY_AFTER_SECONDS,
    ProblemError,
    http_problem_response,
    problem_error_response,
    sentence_of,
)
from wire.serving.request_body import install_body_limits
from wire.status_list import STATUS_LIST_PATH

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

_PROTOCOL: Final = "/oauth/"
_DOCUMENTS: Final = ("/v1/", "/.well-known/", STATUS_LIST_PATH, "/healthz", "/readyz")
_AWAY: Final = "Something we need does not answer. Nothing was changed; try again soon."

_log = logging.getLogger(__name__)


def install_failures(app: Flask, page: Callable[[HTTPException], Response]) -> None:
    """Answer every failure of `app` in the form of the path; `page` shapes one for a person."""
    install_body_limits(app)

    def answer(error: HTTPException) -> Response:
        if request.path.startswith(_PROTOCOL):
            return _as_oauth(error)
        # For a Host that is not ours no page can be made: its links would have nowhere to lead.
        if isinstance(error, SecurityError) or request.path.startswith(_DOCUMENTS):
            return http_problem_response(error)
        return page(error)

    def away(error: Exception) -> Response:
        _log.warning("unavailable", extra={"reason": str(error)})
        return answer(ServiceUnavailable(_AWAY, retry_after=RETRY_AFTER_SECONDS))

    def too_many(error: TooManyRequestsError) -> Response:
        return answer(TooManyRequests(str(error), retry_after=error.retry_after_seconds))

    def unexpected(error: Exception) -> Response:
        _log.error("unexpected error", exc_info=error)
        return answer(InternalServerError(f"Our fault. Quote this id to us: {g.get('request_id', '-')}"))

    app.register_error_handler(OAuth2Error, _from_oauth)
    app.register_error_handler(ProblemError, problem_error_response)
    app.register_error_handler(HTTPException, answer)
    app.register_error_handler(TooManyRequestsError, too_many)
    for kind in (UnreachableError, DatabaseUnavailableError, LicenseServiceAwayError, SigningKeyAwayError):
        app.register_error_handler(kind, away)
    app.register_error_handler(Exception, unexpected)


def _from_oauth(error: OAuth2Error) -> Response:
    status, body, headers = error()
    return Response(json.dumps(body), status=status, headers=headers)


def _as_oauth(error: HTTPException) -> Response:
    status = error.code or 500
    code = {429: "slow_down", 500: "server_error", 503: "temporarily_unavailable"}.get(status, "invalid_request")
    response = Response(
        json.dumps({"error": code, "error_description": sentence_of(error)}),
        status=status,
        content_type="application/json",
    )
    response.headers["Cache-Control"] = "no-store"
    for name, value in error.get_headers():
        if name in {"Allow", "Retry-After"}:
            response.headers[name] = value
    return response
