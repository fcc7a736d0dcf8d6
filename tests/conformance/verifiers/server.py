"""A server of another maker, started for a test on a free port and always stopped; and the application behind it."""

from __future__ import annotations

import http.client
import socket
import subprocess
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

START_SECONDS = 30
PATH = "/api/orders"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(
    command: Sequence[str], *, port: int, log: Path, environment: dict[str, str] | None = None
) -> Iterator[None]:
    """Run a server in the foreground until the end of the block; its output goes to `log`."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env=environment)
    try:
        _await(port, process, log)
        yield
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"The server does not listen: {log.read_text()}")


def opens(port: int) -> Callable[[str], bool]:
    """Make an `accepts` that shows the token to the server."""
    return lambda token: opens_to(port, f"Bearer {token}")


def opens_to(port: int, *credentials: str) -> bool:
    """Ask with one header Authorization for each of `credentials`: 200 lets in, 4xx refuses, no other is expected."""
    try:
        status = status_for(port, *credentials)
    except ConnectionError:
        # Too long a header: some servers hang up before they have read it.
        return False
    assert status == 200 or 400 <= status < 500, status
    return status == 200


def status_for(port: int, *credentials: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.putrequest("GET", PATH)
        for value in credentials:
            connection.putheader("Authorization", value)
        connection.endheaders()
        return connection.getresponse().status
    finally:
        connection.close()


@contextmanager
def application() -> Iterator[int]:
    """Run what the server guards, and give its port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, *args: object) -> None:
            """Servers hang up on us when they are stopped."""

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()
