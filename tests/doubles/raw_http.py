"""One exchange of bytes with a real server, for requests that no HTTP client would write."""

from __future__ import annotations

import errno
import socket

# A server that hangs up while we still write shows it by either of these, depending on how far we were.
HUNG_UP = frozenset({errno.ECONNRESET, errno.EPIPE, errno.ENOTCONN})


def exchange(port: int, request: bytes, *, deadline_seconds: float = 20) -> bytes:
    """Send the bytes to 127.0.0.1 and give all that comes back; nothing when the server hung up on them.

    Raises TimeoutError when the server does neither within the deadline.
    """
    answer = b""
    with socket.create_connection(("127.0.0.1", port), timeout=deadline_seconds) as connection:
        try:
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
            while received := connection.recv(65536):
                answer += received
        except OSError as fault:
            if fault.errno not in HUNG_UP:
                raise
    return answer
