"""The documents that every verifier fetches, answered before Flask: metadata (RFC 8414 §3) and key set (RFC 7517 §5).

Flask makes each answer, and makes it anew when the document has changed. Only the plain GET is answered here; a
conditional one, another method or a body goes on to Flask.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auth_service.endpoints.prepared_answer import PreparedAnswer, trust_in_host

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from flask import Flask

    from wire.serving.request_body import Application


class ReadyDocuments:
    """A WSGI application in front of another. `versions` has for each path what changes with its document."""

    def __init__(self, app: Flask, application: Application, versions: Mapping[str, Callable[[], str]]) -> None:
        self._app = app
        self._application = application
        self._versions = versions
        self._is_trusted = trust_in_host(app)
        self._ready: dict[str, tuple[str, PreparedAnswer]] = {}

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:  # noqa: ANN401 - WSGI's own
        path = environ["PATH_INFO"]
        if path in self._versions and _is_plain(environ) and self._is_trusted(environ.get("HTTP_HOST", "")):
            return self._answer(path).give(environ, start_response)
        return self._application(environ, start_response)

    def _answer(self, path: str) -> PreparedAnswer:
        version = self._versions[path]()
        held, answer = self._ready.get(path, (None, None))
        if answer is None or held != version:
            answer = PreparedAnswer.make(
                self._app, "GET", path, lambda: self._app.make_response(self._app.dispatch_request())
            )
            self._ready[path] = version, answer
        return answer


def _is_plain(environ: dict[str, Any]) -> bool:
    return (
        environ["REQUEST_METHOD"] == "GET"
        and not environ.get("QUERY_STRING")
        and environ.get("CONTENT_LENGTH", "") in {"", "0"}
        and "HTTP_TRANSFER_ENCODING" not in environ
        and "HTTP_IF_NONE_MATCH" not in environ
    )
