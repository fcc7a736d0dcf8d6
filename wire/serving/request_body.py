"""How much of a request's body is read, and what a broken one comes to (T48, T49)."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from flask import Flask

    # Of WSGI: environment and start_response in, the answer's pieces out.
    Application = Callable[[dict[str, Any], Any], Iterable[bytes]]

LARGEST_BODY: Final = 64 * 1024
MOST_DISCARDED: Final = 1024 * 1024
"""So much of a body that nobody reads is taken off the line, that its sender may read why it was refused."""

_PIECE: Final = 64 * 1024
_MOST_DIGITS: Final = 20
MOST_FORM_PARTS: Final = 64

_log = logging.getLogger(__name__)


def install_body_limits(app: Flask) -> None:
    """Refuse bodies over LARGEST_BODY, and answer 400 where a body cannot be read to its end.

    A server that closes a connection with unread data on it resets it (RFC 9112 §9.6), and the answer may be lost on
    the way: so a body that nobody has read to its end is discarded before the answer goes out.
    """
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    app.config["MAX_FORM_MEMORY_SIZE"] = LARGEST_BODY
    app.config["MAX_FORM_PARTS"] = MOST_FORM_PARTS
    app.wsgi_app = _checked(app.wsgi_app)  # type: ignore[method-assign, assignment]


def _checked(application: Application) -> Application:
    def with_checked_body(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:  # noqa: ANN401 - WSGI's own
        environ["wsgi.input"] = body = _CheckedBody(environ["wsgi.input"])
        answer = application(environ, start_response)
        if "HTTP_TRANSFER_ENCODING" in environ:
            body.discard_up_to(MOST_DISCARDED)
        elif (length := environ.get("CONTENT_LENGTH") or "").isdecimal() and len(length) < _MOST_DIGITS:
            body.discard_up_to(min(int(length), MOST_DISCARDED))
        return answer

    return with_checked_body


class _CheckedBody:
    """A body whose reading fails with werkzeug's 400: servers raise errors of their own for a malformed chunk."""

    def __init__(self, body: Any) -> None:  # noqa: ANN401 - any file of bytes
        self._body = body
        self._taken = 0

    def read(self, *size: int) -> bytes:
        return self._call(self._body.read, *size)

    def readline(self, *size: int) -> bytes:
        return self._call(self._body.readline, *size)

    def discard_up_to(self, length: int) -> None:
        """Read on until so much of the body has been read in all, or it is at its end."""
        try:
            while self._taken < length and (piece := self._body.read(min(_PIECE, length - self._taken))):
                self._taken += len(piece)
        except Exception as fault:  # noqa: BLE001 - as in _call; the answer stands already
            _log.debug("the rest of a body could not be read", exc_info=fault)

    def __iter__(self) -> _CheckedBody:
        return self

    def __next__(self) -> bytes:
        if line := self.readline():
            return line
        raise StopIteration

    def _call(self, read: Callable[..., bytes], *size: int) -> bytes:
        try:
            given = read(*size)
            self._taken += len(given)
            # werkzeug never reads on from its limit: a body in chunks would be cut off there, and pass for whole.
            one_more = self._body.read(1) if given and self._taken >= LARGEST_BODY else b""
            self._taken += len(one_more)
        except Exception as fault:
            # Whatever the server raises here, it is the sender's body that is broken or at an end.
            raise ClientDisconnected("The body could not be read to its end.") from fault
        if one_more:
            raise RequestEntityTooLarge
        return given
