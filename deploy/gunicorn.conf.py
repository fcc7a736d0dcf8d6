# ruff: noqa: N999 - gunicorn looks for this name
"""Settings of gunicorn that are the same for every service, wherever it runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gunicorn.http.message import Request
    from gunicorn.workers.base import Worker

# gunicorn itself discards so much. What a service discards beyond (wire/serving/request_body.py) changes nothing
# here: a client that sends so much may as well connect anew.
LARGEST_DRAINED_BODY = 64 * 1024

worker_class = "gthread"
threads = 8

# A POS server polls every 5 s; gunicorn's 2 s would make each poll a new connection.
keepalive = 15

# A stop answers what has begun, then ends.
graceful_timeout = 8
timeout = 30

# The control socket is on by default, and several gunicorns of one user fight over it (T65).
control_socket_disable = True

# Requests are logged by the services themselves.
accesslog = None

# gunicorn would believe SCRIPT_NAME and X-Forwarded-Proto of whoever connects from loopback; nothing here needs them.
forwarded_allow_ips = ""
forwarder_headers = ""
secure_scheme_headers: dict[str, str] = {}

# Long lines and many headers are refused before a service sees them (T48).
limit_request_line = 4094
limit_request_fields = 60
limit_request_field_size = 8190

# The workers' heartbeat file must not wait for a disk.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - gunicorn unlinks its file at once


def pre_request(_worker: Worker, request: Request) -> None:
    """Announce the end of the connection where a body is too large to be read to its end.

    gunicorn closes the connection over a rest that it does not discard, but says so to nobody: the next request on it
    would be lost.
    """
    length = dict(request.headers).get("CONTENT-LENGTH", "0")
    if length.isdecimal() and int(length) > LARGEST_DRAINED_BODY:
        request.force_close()
