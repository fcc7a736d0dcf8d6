"""How a part shows that it is ready: it answers what it is there to answer, not merely has a process."""

from __future__ import annotations

import http.client
import socket
from typing import TYPE_CHECKING, Final

from deploy.local_stack.settings import LOOPBACK

if TYPE_CHECKING:
    from deploy.local_stack.part import LogSinceStart, Readiness

_PATIENCE_SECONDS: Final = 2


def answers_http(port: int, path: str) -> Readiness:
    """Ready when a GET answers 200."""

    def look(_log: LogSinceStart) -> str:
        connection = http.client.HTTPConnection(LOOPBACK, port, timeout=_PATIENCE_SECONDS)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            body = answer.read(500).decode(errors="replace").strip()
        except (OSError, http.client.HTTPException) as fault:
            return f"GET {path} on port {port}: {fault}"
        finally:
            connection.close()
        return "" if answer.status == 200 else f"GET {path} on port {port} answered {answer.status}: {body}"

    return look


def answers_ping(port: int, password: str) -> Readiness:
    """Ready when a Redis takes the password and answers PING; while it loads its data it does not."""
    return _converses(port, f"AUTH {password}\r\nPING\r\nQUIT\r\n", "+OK\r\n+PONG\r\n+OK\r\n")


def greets_smtp(port: int) -> Readiness:
    """Ready when the SMTP banner comes (RFC 5321 §4.2)."""
    return _converses(port, "QUIT\r\n", "220 ")


def says(line: str) -> Readiness:
    """Ready when the log has the line: for processes that answer to nobody."""

    def look(log: LogSinceStart) -> str:
        return "" if line in log.text() else f"its log does not say '{line}'"

    return look


def _converses(port: int, said: str, wanted: str) -> Readiness:
    def look(_log: LogSinceStart) -> str:
        try:
            with socket.create_connection((LOOPBACK, port), timeout=_PATIENCE_SECONDS) as connection:
                connection.sendall(said.encode("ascii"))
                answer = connection.makefile("rb").read(len(wanted)).decode("ascii", errors="replace")
        except OSError as fault:
            return f"port {port}: {fault}"
        return "" if answer == wanted else f"port {port} answered '{answer.strip()}'"

    return look
