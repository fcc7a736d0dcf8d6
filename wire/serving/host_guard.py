"""Refuse requests whose Host is not the service's own, before anything else reads them (T40).

Flask's own check comes too late and too softly: it ignores the port, and a malformed one breaks the request before any
error handler can answer. Health checks are taken under any name, since whoever runs them often knows only an address.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from flask import json

from wire.problem import PROBLEM_TYPE, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_OPEN_PATHS: Final = frozenset({"/healthz", "/readyz"})
_DEFAULT_PORTS: Final = {"http": ":80", "https": ":443"}
_REFUSAL: Final = Problem(status=400, code="unknown_host", detail="This service is not known by the Host you named.")


class HostGuard:
    """A WSGI application in front of another one."""

    def __init__(self, application: WSGIApplication, public_url: str) -> None:
        """Let requests for the host and port of `public_url` through."""
        parts = urlsplit(public_url)
        self._application = application
        default_port = _DEFAULT_PORTS[parts.scheme]
        self._host = parts.netloc.lower().removesuffix(default_port)
        self._names = {self._host, self._host + default_port}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ.get("HTTP_HOST", "").lower() not in self._names:
            if environ.get("PATH_INFO") not in _OPEN_PATHS:
                return _refuse(start_response)
            environ["HTTP_HOST"] = self._host
        return self._application(environ, start_response)


def _refuse(start_response: StartResponse) -> Iterable[bytes]:
    body = json.dumps(_REFUSAL.document()).encode()
    headers = [("Content-Type", PROBLEM_TYPE), ("Content-Length", str(len(body))), ("Cache-Control", "no-store")]
    start_response("400 Bad Request", headers)
    return [body]
