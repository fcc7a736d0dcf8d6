"""An answer that Flask made once, given again and again without it: the same to the byte, but for the request's id."""

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
class PreparedAnswer:
    """Status line, body, and the headers before and after `X-Request-ID`."""

    status: str
    before: Headers
    after: Headers
    body: bytes

    @classmethod
    def make(cls, app: Flask, method: str, path: str, answer: Callable[[], Response]) -> Self:
        """Let Flask shape the answer to a request that nobody sent, with all that its hooks add."""
        with app.test_request_context(path, method=method, environ_overrides={REHEARSAL: True}):
            made = app.process_response(answer())
            headers = made.headers.to_wsgi_list()
        place = [name for name, _ in headers].index("X-Request-ID")
        return cls(made.status, headers[:place], headers[place + 1 :], made.get_data())

    def give(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:  # noqa: ANN401 - WSGI's own
        request_id = request_id_for(environ.get("HTTP_X_REQUEST_ID", ""))
        start_response(self.status, [*self.before, ("X-Request-ID", request_id), *self.after])
        return [self.body]


def trust_in_host(app: Flask) -> Callable[[str], bool]:
    """Give the question whether a Host is one of ours (T40), remembered for those that were asked of late."""
    return lru_cache(maxsize=64)(lambda host: host_is_trusted(host, app.config["TRUSTED_HOSTS"]))
