"""The gate in front of Flask: it answers the polls of device codes that nobody has decided yet (RFC 8628 §3.5, T14).

Nearly every request to auth_service is such a poll. The gate costs a third of the road through Flask and Authlib, asks
Redis once and SQL never. It may only ever be a shorter way to the same answer:

- It takes only requests of the one plain shape that stock clients send. Any other spelling, parameter or header that
  could matter goes on to Flask, which knows what to say (T50).
- It tells nothing of a confidential client's code: those authenticate, and Flask does that (T09).
- Its two answers are made by Flask itself, once, so that they are Flask's to the byte.

Pending polls leave no line in the log: thousands of devices would write one every five seconds, all alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from auth_service.domain.polling import still_pending
from auth_service.domain.secret_digest import digest
from auth_service.endpoints.plain_form import read_plain_form
from auth_service.endpoints.prepared_answer import PreparedAnswer, trust_in_host
from auth_service.grants.device_code import POLLED
from auth_service.grants.oauth_errors import RefusedGrantError
from auth_service.storage.poll_pace import Pace
from wire.grant_types import DEVICE_CODE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flask import Flask

    from auth_service.authorization_server import AuthorizationServer
    from auth_service.grants.services import ProtocolServices
    from wire.serving.request_body import Application

_NEEDED: Final = {"grant_type", "client_id", "device_code"}
# A verifier is checked when the code is redeemed (RFC 7636 §4.6); until then it changes nothing.
_TAKEN: Final = _NEEDED | {"code_verifier"}


class PendingPollGate:
    """A WSGI application in front of Flask's."""

    def __init__(self, app: Flask, server: AuthorizationServer) -> None:
        self._application: Application = app.wsgi_app
        self._services: ProtocolServices = server.services
        self._is_trusted = trust_in_host(app)
        self._answers = {
            Pace.PENDING: _prepared(app, server, early=False),
            Pace.PENDING_EARLY: _prepared(app, server, early=True),
        }

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:  # noqa: ANN401 - WSGI's own
        if environ["PATH_INFO"] == "/oauth/token" and self._is_trusted(environ.get("HTTP_HOST", "")):
            form = read_plain_form(environ)
            if form is not None and _is_poll(form) and "HTTP_AUTHORIZATION" not in environ:
                polled = self._services.pace.poll(
                    digest(form["device_code"]),
                    client_id=form["client_id"],
                    public=True,
                    now=self._services.now(),
                )
                environ[POLLED] = polled
                if polled in self._answers:
                    return self._answers[polled].give(environ, start_response)
        return self._application(environ, start_response)


def _is_poll(form: dict[str, str]) -> bool:
    return form.get("grant_type") == DEVICE_CODE and _NEEDED <= form.keys() <= _TAKEN


def _prepared(app: Flask, server: AuthorizationServer, *, early: bool) -> PreparedAnswer:
    refused = RefusedGrantError(still_pending(early=early))
    return PreparedAnswer.make(app, "POST", "/oauth/token", server.handle_response(*refused()).response)
