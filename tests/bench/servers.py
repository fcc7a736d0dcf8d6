"""The servers that are measured: auth_service and the floors, each under gunicorn or granian, with a Valkey of its own.

One worker process, all of it on one core.
"""

from __future__ import annotations

import os
import socket
import sys
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Final

from deploy.local_stack import redis_server
from tests.bench.filled_service import Neighbours, fill
from tests.bench.process_group import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.bench.filled_service import FilledService
    from tests.bench.process_group import ProcessGroup

LOOPBACK: Final = "127.0.0.1"
KINDS: Final = ("gunicorn", "granian")
_PROGRAMS: Final = Path(sys.executable).parent


def free_port() -> int:
    with socket.socket() as chosen:
        chosen.bind((LOOPBACK, 0))
        number: int = chosen.getsockname()[1]
        return number


@dataclass
class Server:
    """One running server; `folder` holds its state and logs."""

    name: str
    kind: str
    folder: Path
    group: ProcessGroup
    port: int = field(default_factory=free_port)

    @property
    def address(self) -> tuple[str, int]:
        return LOOPBACK, self.port

    @property
    def authority(self) -> str:
        return f"{LOOPBACK}:{self.port}"

    def start_valkey(self) -> str:
        """Start this server's Valkey as the local stack runs it, and give its URL."""
        port, password = free_port(), "bench"
        part = redis_server.part(self.folder, port, password)
        self.group.start(part.command, os.environ, self.folder / "valkey.log")
        self.group.wait_until(lambda: _listens(port), "Valkey")
        return f"redis://:{password}@{LOOPBACK}:{port}/0"

    def start_web(self, app: str, environment: Mapping[str, str], ready_path: str) -> None:
        command = _gunicorn(app, self.port) if self.kind == "gunicorn" else _granian(app, self.port)
        # The floors are not installed.
        found = {**os.environ, **environment, "PYTHONPATH": str(REPOSITORY)}
        self.group.start(command, found, self.folder / "web.log")
        self.group.wait_until(lambda: _answers(self.port, ready_path), f"{self.name} ({self.folder / 'web.log'})")


def start_floor(server: Server) -> None:
    """Start the floors."""
    server.start_web("tests.bench.floor_app:app", {"FLOOR_REDIS_URL": server.start_valkey()}, "/wsgi")


def start_auth_service(server: Server, license_service: str, database: str | None = None) -> FilledService:
    """Fill a new auth_service and start it; on SQLite in its own folder unless a database is given."""
    neighbours = Neighbours(
        database=database or f"sqlite:///{server.folder / 'auth.sqlite3'}",
        redis=server.start_valkey(),
        license_service=license_service,
    )
    service = fill(server.folder, f"http://{server.authority}", neighbours)
    server.start_web("auth_service.wsgi:app", service.environment, "/healthz")
    return service


def start_license_double(group: ProcessGroup, folder: Path) -> str:
    """Start the stand-in of license_service, and give its URL."""
    port = free_port()
    group.start((sys.executable, "-m", "tests.bench.license_double", str(port)), os.environ, folder / "licenses.log")
    group.wait_until(lambda: _listens(port), "the double of license_service")
    return f"http://{LOOPBACK}:{port}"


def _gunicorn(app: str, port: int) -> list[str]:
    settings = REPOSITORY / "deploy/gunicorn.conf.py"
    return [str(_PROGRAMS / "gunicorn"), f"--config={settings}", "--workers=1", f"--bind={LOOPBACK}:{port}", app]


def _granian(app: str, port: int) -> list[str]:
    return [sys.executable, str(REPOSITORY / "deploy/granian_server.py"), f"--port={port}", "--workers=1", app]


def _listens(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex((LOOPBACK, port)) == 0


def _answers(port: int, path: str) -> bool:
    connection = HTTPConnection(LOOPBACK, port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
