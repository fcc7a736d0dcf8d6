"""The least that an answer costs here: a constant, and a form with one Redis call; each by bare WSGI and by Flask.

Run by the same servers with the same settings as auth_service; `FLOOR_REDIS_URL` names its Redis.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs

from flask import Flask, Response, request
from redis import Redis

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

CONSTANT: Final = b'{"error":"authorization_pending"}'
_HEADERS: Final = [("Content-Type", "application/json"), ("Content-Length", str(len(CONSTANT)))]

_flask = Flask(__name__, static_folder=None)
_redis = Redis.from_url(os.environ["FLOOR_REDIS_URL"])


def app(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    """Answer `/wsgi` and `/wsgi-floor` without a framework, all else by Flask."""
    if environ["PATH_INFO"] == "/wsgi":
        start_response("200 OK", _HEADERS)
        return [CONSTANT]
    if environ["PATH_INFO"] == "/wsgi-floor":
        form = parse_qs(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])).decode())
        _redis.get(form["device_code"][0])
        start_response("400 Bad Request", _HEADERS)
        return [CONSTANT]
    answer: Iterable[bytes] = _flask(environ, start_response)
    return answer


@_flask.get("/flask")
def constant() -> Response:
    return Response(CONSTANT, content_type="application/json")


@_flask.post("/floor")
def floor() -> Response:
    _redis.get(request.form["device_code"])
    return Response(CONSTANT, 400, content_type="application/json")
