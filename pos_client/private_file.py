"""Files for their owner alone, replaced as a whole: whoever reads, even after a crash, sees old or new (F13)."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from pos_client.errors import StateError

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

_OTHERS: int = 0o077


def prepare_private_folder(folder: Path, own_names: Collection[str]) -> None:
    """Make `folder` and close it to others; a folder that holds something else than `own_names` is not touched.

    Raises StateError.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.stat().st_mode & _OTHERS:
            # Closing a folder that others use, such as /tmp named by mistake, would break them.
            if any(entry.name not in own_names for entry in folder.iterdir()):
                raise StateError(f"The folder {folder} is open to others and holds other files. Choose another one.")
            folder.chmod(0o700)
    except OSError as fault:
        raise StateError(f"The folder {folder} cannot be used: {fault.strerror}.") from fault


def write_private_file(path: Path, content: bytes) -> None:
    """Replace `path` by `content`, durably. Callers hold the lock of the folder. Raises StateError."""
    temporary = path.with_name(path.name + ".new")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        _sync_folder(path.parent)
    except OSError as fault:
        raise StateError(f"The file {path} cannot be written: {fault.strerror}.") from fault


def read_private_file(path: Path, largest: int) -> bytes | None:
    """Give what `path` holds, up to one byte more than `largest`; None where there is no file. Raises StateError."""
    try:
        # A link would lead elsewhere, and opening a named pipe would wait for its writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise StateError(f"The file {path} cannot be read: it is not a regular file.")
            return file.read(largest + 1)
    except FileNotFoundError:
        return None
    except OSError as fault:
        raise StateError(f"The file {path} cannot be read: {fault.strerror}.") from fault


def remove_private_file(path: Path) -> None:
    """Erase `path`, if it is there, durably. Raises StateError."""
    try:
        path.unlink(missing_ok=True)
        _sync_folder(path.parent)
    except OSError as fault:
        raise StateError(f"The file {path.name} cannot be removed: {fault.strerror}.") from fault


def _sync_folder(folder: Path) -> None:
    # Without this the new name may be forgotten at a power cut although the file is on disk.
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
