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

import re
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from werkzeug.exceptions import ClientDisconnected

from auth_service.domain.polling import still_pending
from auth_service.domain.secret_digest import digest
from auth_service.endpoints.prepared_answer import PreparedAnswer, trust_in_host
from auth_service.grants.device_code import ASKED
from auth_service.grants.oauth_errors import RefusedGrantError
from auth_service.storage.poll_pace import Pace
from wire.grant_types import DEVICE_CODE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flask import Flask

    from auth_service.authorization_server import AuthorizationServer
    from auth_service.grants.services import ProtocolServices
    from wire.serving.request_body import Application

LONGEST_BODY: Final = 1024
_CONTENT_TYPES: Final = frozenset(
    f"application/x-www-form-urlencoded{charset}" for charset in ("", ";charset=UTF-8", "; charset=UTF-8")
)
_GRANT_TYPES: Final = frozenset({DEVICE_CODE, DEVICE_CODE.replace(":", "%3A"), DEVICE_CODE.replace(":", "%3a")})
_NEEDED: Final = {"grant_type", "client_id", "device_code"}
# A verifier is checked when the code is redeemed (RFC 7636 §4.6); until then it changes nothing.
_TAKEN: Final = _NEEDED | {"code_verifier"}
# Needs no decoding: what is written is what is meant.
_PLAIN: Final = re.compile(r"[A-Za-z0-9._~-]+", re.ASCII).fullmatch


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
        if _may_be_poll(environ) and self._is_trusted(environ.get("HTTP_HOST", "")):
            asked = _read(environ)
            if asked is not None:
                client_id, device_code = asked
                polled = self._services.pace.poll(
                    digest(device_code), client_id=client_id, now=self._services.now(), authenticated=False
                )
                environ[ASKED] = True
                if polled in self._answers:
                    return self._answers[polled].give(environ, start_response)
        return self._application(environ, start_response)


def _may_be_poll(environ: dict[str, Any]) -> bool:
    return (
        environ["PATH_INFO"] == "/oauth/token"
        and environ["REQUEST_METHOD"] == "POST"
        and environ.get("CONTENT_TYPE") in _CONTENT_TYPES
        and not environ.get("QUERY_STRING")
        and "HTTP_AUTHORIZATION" not in environ
        and "HTTP_TRANSFER_ENCODING" not in environ
        and _is_short(environ.get("CONTENT_LENGTH", ""))
    )


def _is_short(length: str) -> bool:
    return length.isascii() and length.isdecimal() and len(length) < 8 and int(length) <= LONGEST_BODY


def _read(environ: dict[str, Any]) -> tuple[str, str] | None:
    """Give client_id and device_code where the body is a plain poll. Whatever it is, it can be read again."""
    try:
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    except ClientDisconnected:
        return None
    environ["wsgi.input"] = BytesIO(body)
    pairs = [pair.partition("=")[::2] for pair in body.decode("latin-1").split("&")]
    form = dict(pairs)
    if len(form) != len(pairs) or not _NEEDED <= form.keys() <= _TAKEN or form.pop("grant_type") not in _GRANT_TYPES:
        return None
    if not all(map(_PLAIN, form.values())):
        return None
    return form["client_id"], form["device_code"]


def _prepared(app: Flask, server: AuthorizationServer, *, early: bool) -> PreparedAnswer:
    refused = RefusedGrantError(still_pending(early=early))
    return PreparedAnswer.make(app, "POST", "/oauth/token", lambda: server.handle_response(*refused()))
