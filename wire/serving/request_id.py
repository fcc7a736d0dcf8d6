"""Take or make `X-Request-ID`, give it back, and write the one log line of a request (as JSON, newline-safe: T66)."""

from __future__ import annotations

import logging
import re
import time
from secrets import token_hex
from typing import TYPE_CHECKING, Final

import structlog
from flask import g, request

from wire.serving.logs import ReadyLine

if TYPE_CHECKING:
    from flask import Flask, Response

_GOOD_ID: Final = re.compile(r"\A[A-Za-z0-9._-]{1,64}\Z")
_QUIET_PATHS: Final = frozenset({"/healthz", "/readyz"})

REHEARSAL: Final = "tillpass.rehearsal"
"""In the WSGI environment of a request that nobody has sent: it is not logged."""


def request_id_for(offered: str) -> str:
    """Take the id that a request brings in X-Request-ID when it is a good one, else make one."""
    return offered if _GOOD_ID.match(offered) else token_hex(16)


def log_request(log: logging.Logger, request_id: str, method: str, path: str, status: int, began: float) -> None:
    """Write the line of an answered request; `began` is an instant of time.monotonic()."""
    members = {
        "request_id": request_id,
        "method": method,
        "path": path,
        "status": status,
        "milliseconds": round((time.monotonic() - began) * 1000, 1),
    }
    log.info(ReadyLine("request", members))


def install_request_log(app: Flask, service: str) -> None:
    """Name every request of `app` and log it once it is answered. Paths are logged, queries and bodies never."""
    log = logging.getLogger(service)

    @app.before_request
    def _begin() -> None:
        g.request_id = request_id_for(request.headers.get("X-Request-ID", ""))
        g.began = time.monotonic()
        structlog.contextvars.bind_contextvars(request_id=g.request_id)

    @app.after_request
    def _end(response: Response) -> Response:
        # A hook that was there before ours may have ended the request: then it has no id yet.
        request_id = g.get("request_id", token_hex(16))
        response.headers["X-Request-ID"] = request_id
        if request.path not in _QUIET_PATHS and not request.environ.get(REHEARSAL):
            began = g.get("began", time.monotonic())
            log_request(log, request_id, request.method, request.path, response.status_code, began)
        structlog.contextvars.clear_contextvars()
        return response
