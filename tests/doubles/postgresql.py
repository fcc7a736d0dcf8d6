"""A private PostgreSQL server on a socket of its own, for as long as the tests run."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import NullPool, create_engine, make_url, text

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class PostgresqlServer:
    """`folder` holds its data and its socket."""

    folder: str
    options: str = ""

    def start(self) -> None:
        """Start it, again too, and wait until it answers."""
        run(self.folder, "pg_ctl", "start", "-w", "-D", self.data, "-l", f"{self.folder}/log", "-o", self.options)

    def crash(self) -> None:
        """End every process of it at once, whatever they are at; what was not committed is lost."""
        run(self.folder, "pg_ctl", "stop", "-w", "-m", "immediate", "-D", self.data)

    @property
    def is_running(self) -> bool:
        return Path(f"{self.data}/postmaster.pid").exists()

    @property
    def data(self) -> str:
        return f"{self.folder}/data"

    @property
    def pid(self) -> int:
        return int(Path(f"{self.data}/postmaster.pid").read_text().splitlines()[0])

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://tillpass@/{database}?host={self.folder}"

    def new_database(self, template: str | None = None) -> str:
        """Make a database and give its URL; `template` is the URL of the one that it is a copy of."""
        name = f"test_{uuid.uuid4().hex}"
        source = "template1" if template is None else make_url(template).database
        engine = create_engine(self.url("postgres"), isolation_level="AUTOCOMMIT", poolclass=NullPool)
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {source}"))
        return self.url(name)


def is_installed() -> bool:
    return _program("initdb") is not None


@contextmanager
def running_server(*, durable: bool = False) -> Iterator[PostgresqlServer]:
    """Start a server, and leave nothing of it behind. It may lose what it has said to keep, unless `durable`."""
    folder = tempfile.mkdtemp(prefix="tillpass-postgresql-")
    if _account():
        shutil.chown(folder, user="postgres")
    fsync = "on" if durable else "off"
    options = f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync={fsync} -c max_connections=300"
    server = PostgresqlServer(folder, options)
    run(
        folder, "initdb", "-D", server.data, "-A", "trust", "-U", "tillpass", "--no-sync", "-E", "UTF8", "--locale", "C"
    )
    try:
        server.start()
        yield server
    finally:
        if server.is_running:
            server.crash()
        shutil.rmtree(folder)


def run(folder: str, program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs, as the account that the server runs as."""
    command = [str(_program(program)), *arguments]
    subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL, **_account())


def _account() -> dict[str, Any]:
    # PostgreSQL refuses to run as root.
    return {"user": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}


def _program(name: str) -> Path | None:
    # Debian keeps them off the PATH.
    installed = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    on_path = shutil.which(name)
    return installed[-1] if installed else Path(on_path) if on_path else None
