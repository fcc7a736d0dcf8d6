"""How much of a request's body is read, and what a broken one comes to (T48, T49)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from flask import Flask

    # Of WSGI: environment and start_response in, the answer's pieces out.
    Application = Callable[[dict[str, Any], Any], Iterable[bytes]]

LARGEST_BODY: Final = 64 * 1024
MOST_FORM_PARTS: Final = 64


def install_body_limits(app: Flask) -> None:
    """Refuse bodies over LARGEST_BODY, and answer 400 where a body cannot be read to its end."""
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    app.config["MAX_FORM_MEMORY_SIZE"] = LARGEST_BODY
    app.config["MAX_FORM_PARTS"] = MOST_FORM_PARTS
    app.wsgi_app = _checked(app.wsgi_app)  # type: ignore[method-assign, assignment]


def _checked(application: Application) -> Application:
    def with_checked_body(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:  # noqa: ANN401 - WSGI's own
        environ["wsgi.input"] = _CheckedBody(environ["wsgi.input"])
        return application(environ, start_response)

    return with_checked_body


class _CheckedBody:
    """A body whose reading fails with werkzeug's 400: servers raise errors of their own for a malformed chunk."""

    def __init__(self, body: Any) -> None:  # noqa: ANN401 - any file of bytes
        self._body = body
        self._left = LARGEST_BODY

    def read(self, *size: int) -> bytes:
        return self._call(self._body.read, *size)

    def readline(self, *size: int) -> bytes:
        return self._call(self._body.readline, *size)

    def __iter__(self) -> _CheckedBody:
        return self

    def __next__(self) -> bytes:
        if line := self.readline():
            return line
        raise StopIteration

    def _call(self, read: Callable[..., bytes], *size: int) -> bytes:
        try:
            given = read(*size)
            self._left -= len(given)
            # werkzeug never reads on from its limit: a body in chunks would be cut off there, and pass for whole.
            goes_on = given and self._left <= 0 and self._body.read(1)
        except Exception as fault:
            # Whatever the server raises here, it is the sender's body that is broken or at an end.
            raise ClientDisconnected("The body could not be read to its end.") from fault
        if goes_on:
            raise RequestEntityTooLarge
        return given
