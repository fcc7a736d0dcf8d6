"""The vendor's update service in memory, or whoever answers in its place over plain HTTP."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from tests.doubles.token_forge import Forge, Issuer

if TYPE_CHECKING:
    from tests.pos_client.clock import Clock


@dataclass
class UpdateSimulator:
    """Signs manifests and answers with `body`; `asked` are the requests' headers."""

    clock: Clock
    forge: Forge = field(default_factory=lambda: Forge(Issuer()))
    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        simulator = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                simulator.asked.append({"path": self.path, **dict(self.headers)})
                self.send_response(simulator.status)
                for name, value in {"Content-Length": str(len(simulator.body)), **simulator.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(simulator.body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/update-manifest"

    def key_set(self) -> dict[str, Any]:
        return {"keys": [self.forge.issuer.public_member()]}

    def manifest(self, sequence: int, *, typ: str = "update-manifest+jwt", kid: str | None = None, **more: Any) -> str:
        """Sign a manifest that is good for thirty days from now."""
        issued_at = self.clock.server_now()
        claims = {
            "format_version": 1,
            "sequence": sequence,
            "newest_version": "1.4.0",
            "minimum_version": "1.1.0",
            "artifacts": {},
            "iat": int(issued_at.timestamp()),
            "exp": int((issued_at + timedelta(days=30)).timestamp()),
            **more,
        }
        header = self.forge.header(typ, **({} if kid is None else {"kid": kid}))
        return self.forge.token(header, claims, self.forge.issuer.keys.get(kid or ""))

    def publish(self, sequence: int, **changes: Any) -> str:
        token = self.manifest(sequence, **changes)
        self.body = token.encode()
        return token

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
