"""Keep the state on disk: one file, for its owner alone, replaced as a whole, changed by one process at a time.

The folder is 0700, the file 0600, and its form is checked on every read. A file that cannot be used is
set aside, never a reason to crash. The lock is a file of its own, because the state file is replaced.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pos_client.device_key import KEY_NAME
from pos_client.errors import StateBusyError, StateError
from pos_client.private_file import prepare_private_folder, read_private_file, remove_private_file, write_private_file
from pos_client.state_document import LARGEST_DOCUMENT, BrokenStateError, dump_state, load_state
from pos_client.stored_state import StoredState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

STATE_NAME: Final = "license.json"
SET_ASIDE_NAME: Final = "license.json.set-aside"
LOCK_NAME: Final = "license.lock"
SECRET_NAME: Final = "page-secret"  # noqa: S105 - a file name
UPDATE_MANIFEST_NAME: Final = "update-manifest.jwt"
LOCK_SECONDS: Final = 15.0
_LOCK_STEP_SECONDS: Final = 0.1
_WRITTEN: Final = (STATE_NAME, SECRET_NAME, KEY_NAME, UPDATE_MANIFEST_NAME)
_OWN_NAMES: Final = frozenset({*_WRITTEN, *(f"{name}.new" for name in _WRITTEN), SET_ASIDE_NAME, LOCK_NAME})


@dataclass(slots=True)
class LockedState:
    """The state while the lock is held: what it is, and the way to change it."""

    path: Path
    state: StoredState

    def save(self, state: StoredState) -> None:
        """Put `state` on disk, durably, and make it the current one. Raises StateError."""
        write_private_file(self.path, dump_state(state))
        self.state = state


class TokenStore:
    """The state file of one POS server; opening it makes the folder ready. Raises StateError."""

    def __init__(self, folder: Path, issuer: str, *, wait: Callable[[float], object]) -> None:
        prepare_private_folder(folder, _OWN_NAMES)
        self._folder = folder
        self._path = folder / STATE_NAME
        self._issuer = issuer
        self._wait = wait

    def read(self) -> StoredState:
        """Give the state as it is on disk, without waiting for anybody. Raises StateError."""
        try:
            return self._load()
        except BrokenStateError:
            with self.locked() as file:
                return file.state

    @contextmanager
    def locked(self) -> Iterator[LockedState]:
        """Hold the lock and give the state to be changed. Raises StateBusyError or StateError."""
        descriptor = self._open_lock()
        try:
            self._take(descriptor)
            yield LockedState(self._path, self._load_or_set_aside())
        finally:
            os.close(descriptor)

    def page_secret(self) -> str:
        """Give the secret that signs the page's sessions, made at the first call and kept. Raises StateError."""
        path = self._folder / SECRET_NAME
        with self.locked():
            try:
                secret = (read_private_file(path, LARGEST_DOCUMENT) or b"").decode("ascii")
            except UnicodeDecodeError:
                secret = ""
            if len(secret) < 64:
                secret = os.urandom(32).hex()
                write_private_file(path, secret.encode())
        return secret

    def forget_set_aside(self) -> None:
        """Erase a file that was set aside: it may hold tokens. Raises StateError."""
        remove_private_file(self._folder / SET_ASIDE_NAME)

    def _open_lock(self) -> int:
        path = self._folder / LOCK_NAME
        try:
            return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except OSError as fault:
            raise StateError(f"The file {path} cannot be opened: {fault.strerror}.") from fault

    def _take(self, descriptor: int) -> None:
        waited = 0.0
        while True:
            try:
                # flock belongs to the open file, so it also keeps the threads of one process apart.
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as fault:
                if waited >= LOCK_SECONDS:
                    raise StateBusyError("Something else is at work on this license. Try again in a moment.") from fault
                self._wait(_LOCK_STEP_SECONDS)
                waited += _LOCK_STEP_SECONDS
            else:
                return

    def _load_or_set_aside(self) -> StoredState:
        try:
            return self._load()
        except BrokenStateError:
            try:
                self._path.replace(self._folder / SET_ASIDE_NAME)
            except OSError as fault:
                raise StateError(f"The file {self._path} cannot be set aside: {fault.strerror}.") from fault
            fresh = StoredState(issuer=self._issuer, set_aside=True)
            LockedState(self._path, fresh).save(fresh)
            return fresh

    def _load(self) -> StoredState:
        content = read_private_file(self._path, LARGEST_DOCUMENT)
        return StoredState(issuer=self._issuer) if content is None else load_state(content)
