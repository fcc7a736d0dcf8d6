"""Answers shaped by Flask once, and given again without it: the same to the byte, but for the request's id."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Self

from werkzeug.sansio.utils import host_is_trusted

from wire.serving.request_id import REHEARSAL, request_id_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from flask import Flask, Response

    Headers = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class AnswerFrame:
    """Status line and headers, among them the two that are another at each answer."""

    status: str
    headers: Headers
    id_place: int
    length_place: int

    @classmethod
    def of(cls, response: Response) -> Self:
        """Take the frame of an answer to which every hook has added its own."""
        headers = response.headers.to_wsgi_list()
        names = [name for name, _ in headers]
        return cls(response.status, headers, names.index("X-Request-ID"), names.index("Content-Length"))

    def give(self, body: bytes, request_id: str, start_response: Any) -> Iterable[bytes]:  # noqa: ANN401 - WSGI's own
        """Send this body in it."""
        headers = self.headers.copy()
        headers[self.id_place] = ("X-Request-ID", request_id)
        headers[self.length_place] = ("Content-Length", str(len(body)))
        start_response(self.status, headers)
        return [body]


@dataclass(frozen=True, slots=True)
class PreparedAnswer:
    """An answer that is always the same."""

    frame: AnswerFrame
    body: bytes

    @classmethod
    def make(cls, app: Flask, method: str, path: str, answer: Callable[[], Response]) -> Self:
        """Let Flask shape it."""
        made = rehearse(app, method, path, answer)
        return cls(AnswerFrame.of(made), made.get_data())

    def give(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:  # noqa: ANN401 - WSGI's own
        """Answer this request with it."""
        return self.frame.give(self.body, request_id_for(environ.get("HTTP_X_REQUEST_ID", "")), start_response)


def rehearse(app: Flask, method: str, path: str, answer: Callable[[], Response]) -> Response:
    """Let Flask shape the answer to a request that nobody sent, with all that its hooks add."""
    with app.test_request_context(path, method=method, environ_overrides={REHEARSAL: True}):
        return app.process_response(answer())


def trust_in_host(app: Flask) -> Callable[[str], bool]:
    """Give the question whether a Host is one of ours (T40), remembered for those that were asked of late."""
    return lru_cache(maxsize=64)(lambda host: host_is_trusted(host, app.config["TRUSTED_HOSTS"]))
