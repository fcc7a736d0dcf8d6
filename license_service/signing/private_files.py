"""Files for their owner alone, replaced as a whole: whoever reads, even after a crash, sees old or new (T29)."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Final

from license_service.domain.errors import SigningKeyUnavailableError

if TYPE_CHECKING:
    from pathlib import Path

_OTHERS: Final = 0o077
_LARGEST: Final = 64 * 1024


def read_private_file(path: Path) -> bytes:
    """Read a file that its owner alone may read.

    Raises FileNotFoundError, or SigningKeyUnavailableError for a symbolic link, what is no file, and a file that others
    may read.
    """
    try:
        # Looked at through the descriptor: between a look at the name and the reading another file could come there.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise
    except OSError as fault:
        raise SigningKeyUnavailableError(f"{path} cannot be read: {fault.strerror}.") from fault
    with os.fdopen(descriptor, "rb") as file:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode) or mode & _OTHERS:
            raise SigningKeyUnavailableError(f"Others than its owner may use {path}. Run: chmod 600 {path}")
        return file.read(_LARGEST)


def write_private_file(path: Path, content: bytes) -> None:
    """Replace `path` by `content`, durably. Callers hold the lock of the folder. Raises OSError."""
    unfinished = path.with_name(f"{path.name}.new")
    with os.fdopen(open_private(unfinished, os.O_WRONLY | os.O_TRUNC), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    sync_folder(path.parent)


def open_private(path: Path, flags: int) -> int:
    """Open a file, made where it is missing, for the owner of its folder alone. Raises OSError."""
    descriptor = os.open(path, flags | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        os.fchmod(descriptor, 0o600)
        if os.geteuid() == 0:
            # Run by root, as with sudo, it must not make what the service itself cannot read.
            folder = path.parent.stat()
            os.fchown(descriptor, folder.st_uid, folder.st_gid)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def sync_folder(folder: Path) -> None:
    """Make names durable: without this a new name may be forgotten at a power cut although the file is on disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
