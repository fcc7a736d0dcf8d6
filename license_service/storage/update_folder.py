"""The folder that the update manifest is served from: one file, replaced as a whole by one publisher at a time."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from license_service.domain.errors import UpdateError
from wire.update_manifest import LONGEST_UPDATE_MANIFEST

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MANIFEST_NAME: Final = "update-manifest.jwt"
_LOCK_NAME: Final = "update-manifest.lock"


class UpdateFolder:
    """Whoever reads, even after a crash, sees the old manifest or the new one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self) -> str | None:
        """Give the manifest that is served; None before the first. Raises UpdateError when it cannot be had."""
        path = self._folder / MANIFEST_NAME
        try:
            with path.open("rb") as file:
                content = file.read(LONGEST_UPDATE_MANIFEST + 1)
            if len(content) <= LONGEST_UPDATE_MANIFEST:
                return content.decode("ascii")
        except FileNotFoundError:
            return None
        except OSError as fault:
            raise UpdateError(f"{path} cannot be read: {fault.strerror}.") from fault
        except UnicodeDecodeError:
            pass
        raise UpdateError(f"{path} is no update manifest.")

    @contextmanager
    def publishing(self) -> Iterator[None]:
        """Keep other publishers away meanwhile; the folder is made where it is missing. Raises UpdateError."""
        try:
            self._folder.mkdir(mode=0o755, parents=True, exist_ok=True)
            descriptor = os.open(
                self._folder / _LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600
            )
        except OSError as fault:
            raise UpdateError(f"{self._folder} cannot be written to: {fault.strerror}.") from fault
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def write(self, token: str) -> None:
        """Replace the manifest, durably; callers hold `publishing`. Raises UpdateError."""
        path = self._folder / MANIFEST_NAME
        unfinished = path.with_name(path.name + ".new")
        try:
            # The update service may run as another user: whoever may look into the folder may read the file.
            mode = 0o600 | (self._folder.stat().st_mode & 0o044)
            descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
            with os.fdopen(descriptor, "wb") as file:
                os.fchmod(descriptor, mode)
                file.write(token.encode("ascii"))
                file.flush()
                os.fsync(descriptor)
            unfinished.replace(path)
            _sync(self._folder)
        except OSError as fault:
            raise UpdateError(f"{path} cannot be written: {fault.strerror}.") from fault


def _sync(folder: Path) -> None:
    # Without this the new name may be forgotten at a power cut although the file is on disk.
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
