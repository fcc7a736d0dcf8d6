"""Calls to servers on the loopback that do not keep to HTTP, or stop halfway (F20, F23, F42)."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import pytest

from wire.errors import UnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from wire.http_client import HttpClient

RESET_ON_CLOSE = struct.pack("ii", 1, 0)


@contextmanager
def _misbehaving(behave: Callable[[socket.socket], None]) -> Iterator[str]:
    """Do `behave` with each connection, then close it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def run() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection, suppress(OSError):
                    connection.settimeout(10)
                    behave(connection)

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def _until_the_client_goes(connection: socket.socket) -> None:
    while connection.recv(65536):
        pass


def _answers_nothing(connection: socket.socket) -> None:
    _until_the_client_goes(connection)


def _stops_in_the_headers(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Le")
    _until_the_client_goes(connection)


def _stops_in_the_body(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n0123456789")
    _until_the_client_goes(connection)


@pytest.mark.parametrize("behave", [_answers_nothing, _stops_in_the_headers, _stops_in_the_body])
def test_server_that_stops_answering_is_given_up(behave: Any, impatient_http_client: HttpClient) -> None:
    """F20, F23, T31: no caller waits for ever. A limit that were not kept would let this test hang."""
    with _misbehaving(behave) as origin, pytest.raises(UnreachableError):
        impatient_http_client.get(f"{origin}/x")


def test_server_that_takes_no_connection_is_given_up(impatient_http_client: HttpClient) -> None:
    """A full backlog drops what comes, as a firewall does."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.settimeout(0)
            filler.connect_ex(listener.getsockname())

        with pytest.raises(UnreachableError):
            impatient_http_client.get(f"http://127.0.0.1:{listener.getsockname()[1]}/x")

        for filler in fillers:
            filler.close()


def _request_read(connection: socket.socket) -> None:
    asked = b""
    while b"\r\n\r\n" not in asked:
        asked += connection.recv(65536)


def _closes_at_once(_connection: socket.socket) -> None:
    return


def _closes_after_the_request(connection: socket.socket) -> None:
    _request_read(connection)


def _breaks_off_in_the_body(connection: socket.socket) -> None:
    _request_read(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n0123456789")


def _resets_in_the_body(connection: socket.socket) -> None:
    _breaks_off_in_the_body(connection)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)


def _breaks_off_in_a_chunk(connection: socket.socket) -> None:
    _request_read(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\n0123456789")


def _speaks_another_protocol(connection: socket.socket) -> None:
    connection.sendall(b"220 mail.example ESMTP\r\n")


def _says_a_senseless_status(connection: socket.socket) -> None:
    _request_read(connection)
    connection.sendall(b"HTTP/1.1 abc OK\r\n\r\n")


@pytest.mark.parametrize(
    "behave",
    [
        _closes_at_once,
        _closes_after_the_request,
        _breaks_off_in_the_body,
        _resets_in_the_body,
        _breaks_off_in_a_chunk,
        _speaks_another_protocol,
        _says_a_senseless_status,
    ],
)
def test_broken_answer_counts_as_none(behave: Any, http_client: HttpClient) -> None:
    """Half an answer is never taken for a whole one."""
    with _misbehaving(behave) as origin, pytest.raises(UnreachableError):
        http_client.get(f"{origin}/x")


def test_refused_connection_is_no_answer(http_client: HttpClient) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    with pytest.raises(UnreachableError, match=f"^No answer from http://127.0.0.1:{port}\\.$"):
        http_client.get(f"http://127.0.0.1:{port}/x")


@pytest.mark.parametrize(
    "url",
    ["http://", "http://[::1", "http://127.0.0.1:99999/", "http://" + "a" * 64 + ".invalid/", "ftp://x/", "file:///x"],
)
def test_address_that_is_none_gives_no_answer(url: str, http_client: HttpClient) -> None:
    """An address may come from another side's document."""
    with pytest.raises(UnreachableError):
        http_client.get(url)
