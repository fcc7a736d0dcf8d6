"""Requests as a WSGI server hands them on, and the answer as it gets it: for what no test client would send."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Sent:
    """A request as a WSGI server hands it on; CODE stands for the device code."""

    body: bytes
    environ: dict[str, str] = field(default_factory=dict)

    def environment(self, code: str) -> dict[str, Any]:
        body = self.body.replace(b"CODE", code.encode())
        given = {
            "REQUEST_METHOD": "POST",
            "SCRIPT_NAME": "",
            "PATH_INFO": "/oauth/token",
            "QUERY_STRING": "",
            "CONTENT_TYPE": FORM,
            "CONTENT_LENGTH": str(len(body)),
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "8001",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_HOST": "127.0.0.1:8001",
            "HTTP_X_REQUEST_ID": "7",
            **self.environ,
        }
        length = given["CONTENT_LENGTH"]
        if length.isascii() and length.isdecimal():
            # A server gives no more of the connection than it was told is the body.
            body = body[: int(length)]
        return {
            **{name: value for name, value in given.items() if value != "ABSENT"},
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.input_terminated": True,
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
        }


def ask(app: Any, environ: dict[str, Any]) -> tuple[str, list[tuple[str, str]], bytes]:
    said: list[Any] = []
    pieces: Iterable[bytes] = app(environ, lambda status, headers, _info=None: said.extend((status, headers)))
    return said[0], said[1], b"".join(pieces)
