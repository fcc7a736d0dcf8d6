"""Send a webhook to an address that somebody else chose (no SSRF, T31).

The host is resolved once, every address that it resolves to must be one that may be sent to, and the connection goes to
one of those very addresses: a name that changes in between (DNS rebinding) changes nothing. TLS is checked against the
name. No redirect is followed, no proxy is used, and of the answer only the status and Retry-After are taken.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from license_service.domain.errors import WebhookUrlError
from license_service.domain.webhook import Sent
from license_service.domain.webhook_target import may_be_sent_to, webhook_target

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from license_service.domain.webhook_target import WebhookTarget

CONNECT_SECONDS: Final = 5.0
DEADLINE_SECONDS: Final = 15.0
LARGEST_ANSWER: Final = 16 * 1024
_MOST_ADDRESSES: Final = 3
_ASKS_TO_WAIT: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
_MOST_DIGITS: Final = 9


class WebhookPost:
    """Sends webhooks, each over a connection of its own; shared by threads."""

    def __init__(
        self,
        *,
        allow_loopback: bool = False,
        ca_file: str | None = None,
        deadline_seconds: float = DEADLINE_SECONDS,
        resolve: Callable[..., Any] = socket.getaddrinfo,
    ) -> None:
        self._allow_loopback = allow_loopback
        self._tls = ssl.create_default_context(cafile=ca_file)
        self._deadline_seconds = deadline_seconds
        self._resolve = resolve

    def send(self, url: str, body: bytes, headers: Mapping[str, str]) -> Sent:
        """POST the body once and give what came of it.

        `http_` and the status, or why there is none: `address_refused`, `name_unknown`, `unreachable`, `timed_out`,
        `tls_refused`, `bad_answer`.
        """
        deadline = threading.Event()
        try:
            target = webhook_target(url, allow_loopback=self._allow_loopback)
            with closing(self._connect(target)) as connection, self._ended_by(deadline, connection):
                sent = _exchange(target, connection, body, headers)
            # A connection that was cut within the headers looks like the end of them.
            return Sent("timed_out") if deadline.is_set() else sent
        except WebhookUrlError:
            return Sent("address_refused")
        except socket.gaierror:
            return Sent("name_unknown")
        except (OSError, http.client.HTTPException, ValueError) as fault:
            return Sent("timed_out" if deadline.is_set() else _word(fault))

    def _connect(self, target: WebhookTarget) -> socket.socket:
        found = self._resolve(target.host, target.port, type=socket.SOCK_STREAM)
        for *_, place in found:
            if not may_be_sent_to(target, place[0], allow_loopback=self._allow_loopback):
                raise WebhookUrlError
        plain = _first_that_answers(found[:_MOST_ADDRESSES])
        if not target.is_https:
            return plain
        # The handshake comes later: the deadline must hold for it too.
        return self._tls.wrap_socket(plain, server_hostname=target.host, do_handshake_on_connect=False)

    @contextmanager
    def _ended_by(self, deadline: threading.Event, connection: socket.socket) -> Iterator[None]:
        """Cut the connection when the deadline comes: a time limit on each read alone never ends a slow drip."""

        def cut() -> None:
            deadline.set()
            with suppress(OSError):
                # Of the plain class: what TLS would do first is not safe from another thread.
                socket.socket.shutdown(connection, socket.SHUT_RDWR)

        timer = threading.Timer(self._deadline_seconds, cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()


def _first_that_answers(found: list[tuple[Any, ...]]) -> socket.socket:
    fault: OSError = ConnectionError("The name has no address.")
    for family, kind, protocol, _, place in found:
        connection = socket.socket(family, kind, protocol)
        connection.settimeout(CONNECT_SECONDS)
        try:
            connection.connect(place)
        except OSError as this:
            connection.close()
            fault = this
        else:
            return connection
    raise fault


def _exchange(target: WebhookTarget, connection: socket.socket, body: bytes, headers: Mapping[str, str]) -> Sent:
    connection.settimeout(DEADLINE_SECONDS)
    if isinstance(connection, ssl.SSLSocket):
        connection.do_handshake()
    speaker = http.client.HTTPConnection(target.host, target.port)
    # Written as this class of connection would write it, which is made for port 80.
    speaker.default_port = 443 if target.is_https else 80
    speaker.sock = connection
    speaker.request("POST", target.path, body, {"Connection": "close", **headers})
    with closing(speaker.getresponse()) as answer:
        # A little of the body is taken so that the other side can finish its answer in peace; nobody looks at it.
        answer.read(LARGEST_ANSWER)
        return Sent(f"http_{answer.status}", _retry_after(answer))


def _retry_after(answer: http.client.HTTPResponse) -> timedelta:
    """Give how long the receiver asks to be left alone (RFC 9110 §10.2.3); a date instead of seconds is passed over."""
    asked = answer.getheader("Retry-After", "").strip()
    is_asked = answer.status in _ASKS_TO_WAIT and asked.isascii() and asked.isdecimal() and len(asked) <= _MOST_DIGITS
    return timedelta(seconds=int(asked)) if is_asked else timedelta(0)


def _word(fault: Exception) -> str:
    if isinstance(fault, TimeoutError):
        return "timed_out"
    if isinstance(fault, ssl.SSLError):
        return "tls_refused"
    return "unreachable" if isinstance(fault, OSError) else "bad_answer"
