"""A real HTTP server on the loopback that takes webhooks, as one of the vendor's other systems would."""

from __future__ import annotations

import http.server
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator


@dataclass
class WebhookReceiver:
    """Answers with `status`, or by path with what `statuses` says; keeps what came."""

    port: int = 0
    status: int = 204
    statuses: dict[str, int] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    on_request: Callable[[], object] = lambda: None
    taken: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for _, headers, _ in self.taken]


@contextmanager
def receiving(tls: ssl.SSLContext | None = None) -> Iterator[WebhookReceiver]:
    """Run one. With `tls` it speaks nothing else."""
    receiver = WebhookReceiver()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.taken.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            receiver.on_request()
            self.send_response(receiver.statuses.get(self.path, receiver.status))
            for name, value in {"Content-Length": str(len(receiver.body)), **receiver.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(receiver.body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Quiet(http.server.ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """Say nothing when the sender goes away."""

    with Quiet(("127.0.0.1", 0), Handler) as listener:
        if tls is not None:
            listener.socket = tls.wrap_socket(listener.socket, server_side=True, do_handshake_on_connect=False)
        receiver.port = listener.server_address[1]
        thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield receiver
        finally:
            listener.shutdown()
            thread.join()
