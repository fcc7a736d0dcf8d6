"""Run a service under granian: `python deploy/granian_server.py --port=8001 auth_service.wsgi:app`.

The counterpart of gunicorn.conf.py: SIGTERM answers what has begun and ends, SIGHUP replaces the workers one by one,
and a worker that dies is replaced.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import socket
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from granian._granian import ListenerSpec
from granian._internal import load_target
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.server.mp import MPServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

# As in gunicorn.conf.py: a POS server polls every 5 s and keeps its connection. granian has one limit for the wait
# between requests and for a head that comes slowly (T48).
KEEP_ALIVE_SECONDS: Final = 15
# Measured: with eight a pending poll costs a fifth more, in changes from one to the other; with two, too.
THREADS: Final = 4
GRACEFUL_SECONDS: Final = 8
# Longer heads are refused before the service sees them (T48).
LARGEST_HEAD: Final = 16 * 1024
# A connection counts as long as it is open, and devices keep theirs open.
MOST_CONNECTIONS: Final = 4096
# For this long the old worker goes on beside the new one, which takes a second or two to be ready. Should it take
# longer, connections wait at the common socket.
OVERLAP_SECONDS: Final = 5.0


class OneSocketServer(MPServer):
    """granian with one listening socket for all workers, kept open by their parent.

    Of itself granian gives each worker on Linux a socket of its own (SO_REUSEPORT): the connections that wait there are
    reset when the worker goes, at every reload.
    """

    def _init_shared_socket(self) -> None:
        holder: Any = ListenerSpec(self.bind_addr, self.bind_port, self.backlog).build()
        self._ssp, self._shd, self._sfd = None, holder, holder.get_fd()
        self._sso = socket.socket(fileno=self._sfd)


def load_application(target: str, *, drops_underscores: bool) -> Callable[..., Iterable[bytes]]:
    """Load the WSGI application in its worker; `drops_underscores` says what the proxy in front does."""
    application: Any = load_target(target)
    # granian puts the environment's variables into each request's: there an HTTP_… would be a header that nobody sent,
    # and secrets have no place. The service has read its settings by now.
    for name in list(os.environ):
        if name.startswith(("HTTP_", "AUTH_")):
            del os.environ[name]

    def with_whole_answers(environ: dict[str, Any], start_response: Any) -> list[bytes]:  # noqa: ANN401 - WSGI's own
        if not drops_underscores and "HTTP_X_FORWARDED_FOR" in environ:
            # granian gives X_Forwarded_For the same name, and the first of the two wins: anyone could write it in front
            # of what the proxy adds (T03). Forwarded has one spelling, but then it is not what this proxy writes.
            del environ["HTTP_X_FORWARDED_FOR"]
            environ.pop("HTTP_FORWARDED", None)
        # granian answers a list at once; anything else piece by piece, each through the runtime's threads.
        answer = application(environ, start_response)
        if isinstance(answer, list):
            return answer
        try:
            return [b"".join(answer)]
        finally:
            if hasattr(answer, "close"):
                answer.close()

    return with_whole_answers


def main() -> None:
    """Serve until a signal ends it."""
    parser = argparse.ArgumentParser(prog="granian_server.py", description=__doc__)
    parser.add_argument("application", help="module:name")
    parser.add_argument("--address", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--workers", type=int, default=int(os.environ.get("WEB_CONCURRENCY") or 1))
    parser.add_argument("--overlap", type=float, default=OVERLAP_SECONDS, help="seconds that a reload takes per worker")
    parser.add_argument(
        "--proxy-drops-underscores",
        action="store_true",
        help="no header whose name has an underscore comes through the proxy in front: believe its X-Forwarded-For",
    )
    asked = parser.parse_args()
    # The workers inherit the socket. Nothing of the service is loaded before the fork.
    multiprocessing.set_start_method("fork")
    OneSocketServer(
        asked.application,
        address=asked.address,
        port=asked.port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        websockets=False,
        workers=asked.workers,
        blocking_threads=THREADS,
        backpressure=MOST_CONNECTIONS,
        http1_settings=HTTP1Settings(
            header_read_timeout=KEEP_ALIVE_SECONDS * 1000, keep_alive=True, max_buffer_size=LARGEST_HEAD
        ),
        log_access=False,
        respawn_failed_workers=True,
        respawn_interval=asked.overlap,
        workers_kill_timeout=GRACEFUL_SECONDS,
    ).serve(target_loader=partial(load_application, drops_underscores=asked.proxy_drops_underscores))


if __name__ == "__main__":
    main()
