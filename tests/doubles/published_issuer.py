"""An issuer whose key set is published over HTTP on loopback; it notes every path that anybody asks for (T31)."""

from __future__ import annotations

import json
import ssl
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from tests.doubles.token_forge import Forge, Issuer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

JWKS_PATH = "/.well-known/jwks.json"


class PublishedIssuer:
    """The forge of its tokens, and what was asked of it."""

    def __init__(self, url: str) -> None:
        self.forge = Forge(Issuer(url=url))
        self.asked: set[str] = set()

    @property
    def url(self) -> str:
        return self.forge.issuer.url


@contextmanager
def published_issuer(certificate: Path | None = None) -> Iterator[PublishedIssuer]:
    """Serve the key set; over TLS where a PEM file with a certificate for 127.0.0.1 and its key is given."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            issuer.asked.add(self.path)
            content = json.dumps(issuer.forge.issuer.key_set()).encode()
            self.send_response(200 if self.path == JWKS_PATH else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        issuer = PublishedIssuer(f"{'https' if certificate else 'http'}://127.0.0.1:{server.server_port}")
        if certificate:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(certificate)
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield issuer
        server.shutdown()
        thread.join()
