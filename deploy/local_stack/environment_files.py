"""`auth.env` and its like: what each service is given, for a person who runs the services' commands by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deploy.local_stack.owner_only import write_owner_only

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def write_environment_files(folder: Path, environments: Mapping[str, Mapping[str, str]]) -> None:
    """Write one owner-only file for each service, to be read by a shell: `set -a; . var/auth.env; set +a`."""
    for service, environment in environments.items():
        lines = [f"{name}={_quoted(value)}\n" for name, value in environment.items()]
        write_owner_only(folder / f"{service}.env", "".join(lines))


def _quoted(value: str) -> str:
    # POSIX shell: nothing is special between single quotes but the quote itself.
    return "'" + value.replace("'", "'\\''") + "'"
