"""One stack per folder: a lock that the kernel lets go when its holder dies, however it dies."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from deploy.local_stack.errors import AlreadyRunningError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold the folder, made owner-only where it is missing. Raises AlreadyRunningError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / "stack.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    with open(descriptor, "r+", encoding="ascii") as file:  # noqa: PTH123 - a descriptor, not a path
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as fault:
            raise AlreadyRunningError(
                f"A local stack runs already in {folder} (process {file.read().strip() or 'unknown'}). "
                "End it with Ctrl-C there, or run a second one: .venv/bin/python -m deploy.local_stack run "
                "--folder OTHER, with other TILLPASS_*_PORT."
            ) from fault
        file.truncate()
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield
