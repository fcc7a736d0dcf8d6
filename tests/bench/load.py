"""Closed-loop load on a server of this machine: kept connections, requests made beforehand, every answer checked.

Plain sockets and epoll, because the load must cost less than what it measures.
"""

from __future__ import annotations

import re
import select
import socket
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CONNECTIONS: Final = 16
SILENCE_SECONDS: Final = 30
_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CLOSE: Final = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)
_ERROR: Final = re.compile(rb'"error": ?"([a-z_]+)"')


@dataclass(frozen=True, slots=True)
class Expected:
    """How each answer must begin: the status, and for a refusal the OAuth error code."""

    status: int
    error: str = ""


@dataclass
class Load:
    """What was sent and answered."""

    seconds: float = 0.0
    answered: int = 0
    unexpected: Counter[str] = field(default_factory=Counter)


def drive(
    address: tuple[str, int],
    requests: Iterator[bytes],
    expected: Expected,
    *,
    seconds: float,
    keep: Callable[[bytes], None] | None = None,
) -> Load:
    """Send until `requests` or the time has run out; each good answer's body goes to `keep`.

    Raises RuntimeError when the server is silent, breaks off, or answers what is no HTTP/1.1 with a length.
    """
    load = Load()
    with _Connections(address) as connections:
        began = time.perf_counter()
        for number in connections.numbers():
            connections.send(number, next(requests, None))
        while events := connections.wait():
            over = time.perf_counter() - began > seconds
            for number in events:
                answer = connections.receive(number, load)
                if answer is None:
                    continue
                if _is_expected(answer, expected, load) and keep is not None:
                    keep(answer.body)
                still_open = connections.open() if answer.is_closing else number
                connections.send(still_open, None if over else next(requests, None))
                if answer.is_closing:
                    connections.close(number)
        load.seconds = time.perf_counter() - began
    return load


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    body: bytes
    is_closing: bool


class _Connections:
    """Connections by their descriptors, each with what it has received of an answer."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address
        self._sockets: dict[int, socket.socket] = {}
        self._received: dict[int, bytes] = {}
        self._ready = select.epoll()

    def __enter__(self) -> Self:
        for _ in range(CONNECTIONS):
            self.open()
        return self

    def __exit__(self, *_: object) -> None:
        for number in self.numbers():
            self.close(number)
        self._ready.close()

    def numbers(self) -> list[int]:
        return list(self._sockets)

    def open(self) -> int:
        opened = socket.create_connection(self._address)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._sockets[opened.fileno()] = opened
        self._received[opened.fileno()] = b""
        self._ready.register(opened.fileno(), select.EPOLLIN)
        return opened.fileno()

    def close(self, number: int) -> None:
        self._sockets.pop(number).close()

    def send(self, number: int, request: bytes | None) -> None:
        """Send a request; without one the connection has done its work."""
        if request is None:
            self.close(number)
        else:
            self._sockets[number].sendall(request)

    def wait(self) -> list[int]:
        """Give the connections that have something to read; none once all are closed."""
        if not self._sockets:
            return []
        events = self._ready.poll(SILENCE_SECONDS)
        if not events:
            raise RuntimeError(f"The server was silent for {SILENCE_SECONDS} s.")
        return [number for number, _ in events]

    def receive(self, number: int, load: Load) -> _Answer | None:
        """Give the answer once it is whole."""
        data = self._sockets[number].recv(65536)
        if not data:
            raise RuntimeError(f"The server broke off a connection after {load.answered} answers.")
        received = self._received[number] + data
        head, found, body = received.partition(b"\r\n\r\n")
        length = _LENGTH.search(head) if found else None
        if found and length is None:
            raise RuntimeError(f"An answer without a length: {head[:200]!r}")
        if length is None or len(body) < int(length[1]):
            self._received[number] = received
            return None
        self._received[number] = b""
        load.answered += 1
        return _Answer(int(head[9:12]), body, _CLOSE.search(head) is not None)


def _is_expected(answer: _Answer, expected: Expected, load: Load) -> bool:
    error = _ERROR.search(answer.body) if answer.status >= 400 else None
    if answer.status == expected.status and (error[1].decode() if error else "") == expected.error:
        return True
    load.unexpected[f"{answer.status} {answer.body[:80].decode(errors='replace')}"] += 1
    return False
