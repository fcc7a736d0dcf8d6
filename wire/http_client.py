"""The only file that opens an HTTP connection to another process, but for webhooks, which go where others say.

Every call has time limits, a limit on the answer's size and no redirects; TLS certificates are checked. Nothing is
tried again, but for the one case in which a kept connection was closed as we wrote to it (RFC 9112 §9.3.1).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

import urllib3

from wire.errors import AnswerRefusedError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Mapping

CONNECT_SECONDS: Final = 2.0
READ_SECONDS: Final = 5.0
LARGEST_ANSWER: Final = 256 * 1024
_IDEMPOTENT: Final = frozenset({"GET", "PUT"})


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An answer as it came: status, headers (names in lower case) and the whole body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:  # noqa: ANN401 - JSON is anything until a schema has seen it
        """Read the body as JSON.

        Raises AnswerRefusedError when it is not JSON.
        """
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as fault:
            raise AnswerRefusedError("The answer is not JSON.") from fault


class HttpClient:
    """Calls other services over kept connections; one per process, shared by its threads."""

    def __init__(
        self,
        *,
        connect_seconds: float = CONNECT_SECONDS,
        read_seconds: float = READ_SECONDS,
        ca_file: str | None = None,
    ) -> None:
        self._pool = urllib3.PoolManager(
            num_pools=8,
            maxsize=16,
            retries=False,
            timeout=urllib3.Timeout(connect=connect_seconds, read=read_seconds),
            ca_certs=ca_file,
        )

    def get(self, url: str, *, headers: Mapping[str, str] | None = None) -> HttpAnswer:
        """GET `url`. Raises UnreachableError, or AnswerRefusedError for an answer over the size limit."""
        return self.request("GET", url, headers=headers)

    def post_form(self, url: str, form: Mapping[str, str], *, headers: Mapping[str, str] | None = None) -> HttpAnswer:
        """POST `form` as application/x-www-form-urlencoded. Raises as `get`."""
        sent = {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})}
        return self.request("POST", url, body=urlencode(form).encode(), headers=sent)

    def put_json(self, url: str, document: object, *, headers: Mapping[str, str] | None = None) -> HttpAnswer:
        """PUT `document` as JSON. Raises as `get`."""
        return self.send_json("PUT", url, document, headers=headers)

    def send_json(
        self, method: str, url: str, document: object = None, *, headers: Mapping[str, str] | None = None
    ) -> HttpAnswer:
        """Send `document` as JSON, or no body when it is None. Raises as `get`."""
        if document is None:
            return self.request(method, url, headers=headers)
        sent = {"Content-Type": "application/json", **(headers or {})}
        return self.request(method, url, body=json.dumps(document).encode(), headers=sent)

    def request(
        self, method: str, url: str, *, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> HttpAnswer:
        """Send one request and read its whole answer. Raises as `get`."""
        try:
            response = self._send(method, url, body, dict(headers or {}))
            content = _body(response)
        except (urllib3.exceptions.HTTPError, OSError) as fault:
            raise UnreachableError(f"No answer from {_origin(url)}.") from fault
        if len(content) > LARGEST_ANSWER:
            raise AnswerRefusedError(f"The answer from {_origin(url)} is too large.")
        return HttpAnswer(
            status=response.status,
            headers={name.lower(): value for name, value in response.headers.items()},
            body=content,
        )

    def _send(self, method: str, url: str, body: bytes | None, headers: dict[str, str]) -> urllib3.BaseHTTPResponse:
        def send() -> urllib3.BaseHTTPResponse:
            return self._pool.request(method, url, body=body, headers=headers, redirect=False, preload_content=False)

        try:
            return send()
        except urllib3.exceptions.ProtocolError as fault:
            # The other side closed a connection that was idle for too long, just as we used it. That is no answer, and
            # to ask once more changes nothing where the method is idempotent (RFC 9110 §9.2.2).
            if method not in _IDEMPOTENT or not isinstance(fault.args[-1], ConnectionError):
                raise
        return send()


def _body(response: urllib3.BaseHTTPResponse) -> bytes:
    try:
        content = response.read(LARGEST_ANSWER + 1, decode_content=True)
        if len(content) > LARGEST_ANSWER:
            # What was not read to its end cannot share its connection with a next answer.
            response.close()
        return content
    finally:
        response.release_conn()


def _origin(url: str) -> str:
    # Only scheme, host and port go into messages: a path or query may carry what a log must not.
    try:
        parts = urllib3.util.parse_url(url)
    except urllib3.exceptions.LocationParseError:
        return "an address that is none"
    return f"{parts.scheme}://{parts.netloc}"
