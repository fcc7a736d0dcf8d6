"""A port of its own for those who run a service: metrics and status pages, never where the public comes in.

One process serves both: its web server listens at two ports, and which one a connection came to decides. The Host
header and what a proxy forwards have no say in that. Whoever deploys binds this port to loopback, or to a network that
only the operators reach.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import request
from werkzeug.exceptions import SecurityError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from flask import Flask

    # Of WSGI: environment and start_response in, the answer's pieces out.
    Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


def on_operations_port(public: Application, operations: Application, port: int | None) -> Application:
    """Give the application of the web server: `operations` at `port`, `public` elsewhere; without a port everywhere."""
    if port is None:
        return public

    def by_port(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:  # noqa: ANN401 - WSGI's own
        # At a Unix socket, where nobody has an address, gunicorn takes the port from the Host header.
        came_there = environ["SERVER_PORT"] == str(port) and environ.get("REMOTE_ADDR")
        return (operations if came_there else public)(environ, start_response)

    return by_port


def refuse_named_hosts(app: Flask) -> None:
    """Answer only requests to an address or to localhost.

    A page elsewhere must not get in by a name that it points here (DNS rebinding, T40).
    """

    @app.before_request
    def _refuse() -> None:
        if not _is_address(request.environ.get("HTTP_HOST", "")):
            raise SecurityError("The Host of the request is not ours.")


def _is_address(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or bool(ipaddress.ip_address(name))
    except ValueError:
        return False
