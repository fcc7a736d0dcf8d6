"""The two busiest endpoints without Flask's part in them: codes are asked for, redeemed and refreshed here.

What Flask does for a request (routing, contexts, form and response objects) costs a quarter of the whole, and a plain
POST to a known path needs none of it. The server behind is the same, and so is the answer: Flask shapes its frame once,
says every failure, and takes each request that is not of the plain shape.
"""

from __future__ import annotations

import logging
import time
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import structlog

from auth_service.authorization_server import ProtocolAnswer, ProtocolRequest
from auth_service.endpoints.device_authorization import answer_device_authorization
from auth_service.endpoints.plain_form import read_plain_form
from auth_service.endpoints.prepared_answer import AnswerFrame, rehearse, trust_in_host
from auth_service.endpoints.token import answer_token_request
from wire.serving.request_id import log_request, request_id_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from flask import Flask

    from auth_service.authorization_server import AuthorizationServer
    from wire.serving.request_body import Application


class DirectAnswers:
    """A WSGI application in front of Flask's."""

    def __init__(self, app: Flask, server: AuthorizationServer) -> None:
        self._app = app
        self._application: Application = app.wsgi_app
        self._services = server.services
        self._is_trusted = trust_in_host(app)
        self._answers: dict[str, Callable[[ProtocolRequest], ProtocolAnswer]] = {
            "/oauth/token": partial(answer_token_request, server),
            "/oauth/device_authorization": partial(answer_device_authorization, server),
        }
        self._log = logging.getLogger(app.name)
        self._frame = lru_cache(maxsize=64)(self._new_frame)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:  # noqa: ANN401 - WSGI's own
        answer = self._answers.get(environ["PATH_INFO"])
        if answer is None or not self._is_trusted(environ.get("HTTP_HOST", "")):
            return self._application(environ, start_response)
        form = read_plain_form(environ)
        if form is None:
            return self._application(environ, start_response)
        began = time.monotonic()
        request_id = request_id_for(environ.get("HTTP_X_REQUEST_ID", ""))
        structlog.contextvars.bind_contextvars(request_id=request_id)
        try:
            given = answer(ProtocolRequest(environ, form, self._services))
        except Exception as fault:  # noqa: BLE001 - the edge: Flask's handlers know them all
            return self._say(fault, environ, request_id)(environ, start_response)
        finally:
            structlog.contextvars.clear_contextvars()
        log_request(self._log, request_id, "POST", environ["PATH_INFO"], given.status, began)
        frame = self._frame(environ["PATH_INFO"], given.status, tuple(given.headers))
        return frame.give(given.body(), request_id, start_response)

    def _say(self, fault: Exception, environ: dict[str, Any], request_id: str) -> Application:
        environ["HTTP_X_REQUEST_ID"] = request_id
        with self._app.request_context(environ):
            self._app.preprocess_request()
            response: Any = self._app.handle_user_exception(fault)
            return self._app.process_response(response)

    def _new_frame(self, path: str, status: int, headers: tuple[tuple[str, str], ...]) -> AnswerFrame:
        empty = ProtocolAnswer(status, {}, list(headers))
        return AnswerFrame.of(rehearse(self._app, "POST", path, empty.response))
