"""The update service: one public document over plain HTTP, on a port of its own, and nothing else (S1-13, S1-15).

A bare WSGI application: what cannot sign in, set a cookie or reach the database has little to be attacked.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from typing import TYPE_CHECKING, Any, Final

from werkzeug.wrappers import Request, Response

from license_service.domain.errors import UpdateError
from wire.problem import PROBLEM_TYPE, Problem
from wire.serving.request_id import log_request, request_id_for
from wire.update_manifest import UPDATE_MANIFEST_MEDIA_TYPE, UPDATE_MANIFEST_PATH

if TYPE_CHECKING:
    from collections.abc import Iterable

    from license_service.storage.update_folder import UpdateFolder

MAX_AGE_SECONDS: Final = 300
RETRY_AFTER_SECONDS: Final = 60
_METHODS: Final = ("GET", "HEAD")
_NOT_FOUND: Final = Problem(404, "not_found", f"Only {UPDATE_MANIFEST_PATH} is here.")
_NOT_ALLOWED: Final = Problem(405, "method_not_allowed", "The update manifest can only be read.")
_NOT_PUBLISHED: Final = Problem(404, "not_published", "No update manifest has been published yet.")
_UNAVAILABLE: Final = Problem(503, "unavailable", "The update manifest cannot be had at the moment.")

_log = logging.getLogger("update_service")


class UpdateService:
    """The WSGI application; the file is read for each request, so that publishing needs no word to it."""

    def __init__(self, folder: UpdateFolder) -> None:
        self._folder = folder

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:  # noqa: ANN401 - WSGI's own
        began = time.monotonic()
        request = Request(environ)
        response = self._answer(request)
        response.headers["X-Content-Type-Options"] = "nosniff"
        request_id = request_id_for(request.headers.get("X-Request-ID", ""))
        response.headers["X-Request-ID"] = request_id
        log_request(_log, request_id, request.method, request.path, response.status_code, began)
        return response(environ, start_response)

    def _answer(self, request: Request) -> Response:
        if request.path != UPDATE_MANIFEST_PATH:
            return _refusal(_NOT_FOUND)
        if request.method not in _METHODS:
            return _refusal(_NOT_ALLOWED, {"Allow": ", ".join(_METHODS)})
        try:
            token = self._folder.read()
        except UpdateError as fault:
            _log.error("the update manifest cannot be served", extra={"reason": str(fault)})
            return _refusal(_UNAVAILABLE, {"Retry-After": str(RETRY_AFTER_SECONDS)})
        if token is None:
            return _refusal(_NOT_PUBLISHED)
        response = Response(token, content_type=UPDATE_MANIFEST_MEDIA_TYPE)
        response.headers["Cache-Control"] = f"public, max-age={MAX_AGE_SECONDS}"
        response.set_etag(hashlib.sha256(token.encode()).hexdigest()[:32])
        response.make_conditional(request)
        return response


def _refusal(problem: Problem, headers: dict[str, str] | None = None) -> Response:
    body = json.dumps(problem.document())
    return Response(body, problem.status, {"Cache-Control": "no-store", **(headers or {})}, content_type=PROBLEM_TYPE)
