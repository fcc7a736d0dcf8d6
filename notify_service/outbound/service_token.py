"""The access token by which this service reads of the others (RFC 6749 §4.4), kept until near its expiry.

One for each service, with the one scope that is needed there: what one of them is shown opens nothing at the other.
"""

from __future__ import annotations

import threading
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from notify_service.domain.errors import ServiceAwayError
from wire.errors import WireError
from wire.grant_types import CLIENT_CREDENTIALS

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from notify_service.outbound.client_authentication import ClientAuthentication
    from wire.http_client import HttpClient

TOKEN_PATH: Final = "/oauth/token"  # noqa: S105 - a path
NEAR_EXPIRY: Final = timedelta(seconds=60)


class _AnswerSchema(Schema):
    class Meta:
        """RFC 6749 §5.1: what is not known is ignored."""

        unknown = EXCLUDE

    access_token = fields.String(required=True, validate=validate.Regexp(r"\A[\x21-\x7e]{1,8192}\Z"))
    token_type = fields.String(required=True, validate=validate.Regexp(r"(?i)\Abearer\Z"))
    expires_in = fields.Integer(required=True, strict=True, validate=validate.Range(min=1))


class ServiceToken:
    """A token of one scope, shared by the threads of a process."""

    def __init__(
        self,
        http: HttpClient,
        issuer_url: str,
        client: ClientAuthentication,
        *,
        scope: str,
        now: Callable[[], datetime],
    ) -> None:
        self._http = http
        self._url = issuer_url.rstrip("/") + TOKEN_PATH
        self._client = client
        self._scope = scope
        self._now = now
        self._lock = threading.Lock()
        self._held: tuple[str, datetime] | None = None

    def headers(self) -> dict[str, str]:
        """Give the header that carries it. Raises ServiceAwayError when none can be had."""
        with self._lock:
            if self._held is None or self._now() >= self._held[1]:
                self._held = self._fetched()
            return {"Authorization": f"Bearer {self._held[0]}"}

    def forget(self) -> None:
        """Have the next one fetched: this one was refused, as after a signing key was revoked."""
        with self._lock:
            self._held = None

    def _fetched(self) -> tuple[str, datetime]:
        asked_at = self._now()
        form = {"grant_type": CLIENT_CREDENTIALS, "scope": self._scope, **self._client.form(asked_at)}
        try:
            answer = self._http.post_form(self._url, form, headers=self._client.headers())
            if answer.status != HTTPStatus.OK:
                raise ServiceAwayError(f"auth_service gives no token for {self._scope}: status {answer.status}.")
            values = _AnswerSchema().load(answer.json())
        except (WireError, ValidationError) as fault:
            raise ServiceAwayError(f"auth_service gives no token for {self._scope}.") from fault
        return values["access_token"], asked_at + timedelta(seconds=values["expires_in"]) - NEAR_EXPIRY
