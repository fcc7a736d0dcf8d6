"""Find processes of a stack by the mark that each of them carries in its environment, whoever their parent is now."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from deploy.local_stack.errors import StateError

if TYPE_CHECKING:
    from collections.abc import Callable

MARK: Final = "TILLPASS_LOCAL_STACK"


def leftovers(folder: Path) -> list[int]:
    """Give the ids of all living processes that were started for the stack in `folder` (Linux's /proc)."""
    mark = f"{MARK}={folder}".encode()
    return [
        int(process.name)
        for process in Path("/proc").glob("[0-9]*")
        if int(process.name) != os.getpid() and mark in _environment(process)
    ]


def wait_until_gone(folder: Path, pause: Callable[[float], None], patience_seconds: float = 15) -> None:
    """Let the processes of a launcher that was killed come to their end. Raises StateError when they do not."""
    deadline = time.monotonic() + patience_seconds
    while remaining := leftovers(folder):
        if time.monotonic() > deadline:
            named = ", ".join(str(number) for number in remaining)
            raise StateError(f"Processes of an earlier stack in {folder} still run: {named}. End them first.")
        pause(0.05)


def _environment(process: Path) -> list[bytes]:
    try:
        return (process / "environ").read_bytes().split(b"\0")
    except OSError:  # It ended meanwhile, or is another user's.
        return []
