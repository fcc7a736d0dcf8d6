"""What can be set about the local stack: its ports, its folder, and a Redis that exists already.

A plain reader instead of a marshmallow schema, so that the launcher stays small in memory.
"""

from __future__ import annotations

import socket
from contextlib import ExitStack
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Final

from deploy.local_stack.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

LOOPBACK: Final = "127.0.0.1"
REPOSITORY: Final = Path(__file__).resolve().parents[2]

WEB_SERVERS: Final = ("gunicorn", "granian")


@dataclass(frozen=True, slots=True)
class Ports:
    """One TCP port of the loopback address for every part that listens; the variable is TILLPASS_<FIELD>_PORT."""

    auth: int = 8001
    license: int = 8002
    notify: int = 8003
    operations: int = 8013
    pos: int = 8004
    update: int = 8005
    smtp: int = 8025
    redis: int = 8379

    @staticmethod
    def variable(field: str) -> str:
        return f"TILLPASS_{field.upper()}_PORT"


@dataclass(frozen=True, slots=True)
class StackSettings:
    """`redis_url` is None where the stack runs its own Valkey."""

    folder: Path
    ports: Ports
    redis_url: str | None = None
    auth_workers: int = 1
    """Processes of auth_service; more than one only to let requests race between them."""
    auth_server: str = WEB_SERVERS[0]
    """The web server that auth_service runs under."""


def load_settings(environ: Mapping[str, str], folder: Path | None = None) -> StackSettings:
    """Read the settings. Raises SettingsError with all faults in one text."""
    ports = _load_ports(environ)
    auth_server = environ.get("TILLPASS_AUTH_SERVER") or WEB_SERVERS[0]
    if auth_server not in WEB_SERVERS:
        raise SettingsError(f"TILLPASS_AUTH_SERVER must be one of: {', '.join(WEB_SERVERS)}.")
    return StackSettings(
        folder=(folder or REPOSITORY / "var").absolute(),
        ports=ports,
        redis_url=environ.get("REDIS_URL") or None,
        auth_server=auth_server,
    )


def free_ports() -> Ports:
    """Choose ports that nobody uses now."""
    with ExitStack() as opened:
        names = [field.name for field in fields(Ports)]
        sockets = [opened.enter_context(socket.socket()) for _ in names]
        for each in sockets:
            each.bind((LOOPBACK, 0))
        return Ports(**{name: each.getsockname()[1] for name, each in zip(names, sockets, strict=True)})


def _load_ports(environ: Mapping[str, str]) -> Ports:
    chosen: dict[str, int] = {}
    faults: list[str] = []
    for field in fields(Ports):
        variable = Ports.variable(field.name)
        text = environ.get(variable) or str(field.default)
        if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
            faults.append(f"{variable} must be a port number from 1 to 65535.")
            continue
        number = int(text)
        faults += [
            f"{variable} and {Ports.variable(other)} both say {number}; give each a port of its own."
            for other, taken in chosen.items()
            if taken == number
        ]
        chosen[field.name] = number
    if faults:
        raise SettingsError("\n".join(faults))
    return Ports(**chosen)
