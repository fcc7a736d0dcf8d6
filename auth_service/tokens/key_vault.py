"""Where the signing keys and their state are kept: reading them, and changing them one process at a time (T29, T30).

A change survives a crash at any step: the state file is replaced as a whole, a private half is noted as one to erase
before it is made, and a key that goes leaves the state before its private half is erased.
"""

from __future__ import annotations

import fcntl
import logging
import os
import stat
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Protocol

from auth_service.domain.errors import SettingsError
from auth_service.domain.key_ring import KeyRecord, KeyState
from auth_service.tokens.key_folder import KeyFolder
from auth_service.tokens.key_ring_file import (
    KEY_RING_FILE,
    key_ring_bytes,
    key_ring_from,
    key_ring_without_state,
)
from auth_service.tokens.private_files import open_private, read_private_file, write_private_file
from auth_service.tokens.public_jwk import coordinates, thumbprint, thumbprint_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric import ec

    from auth_service.domain.key_ring import KeyRing

LOCK_FILE: Final = "signing-keys.lock"
PKCS11_PREFIX: Final = "pkcs11:"
"""Begins the handles of keys that lie in a PKCS#11 token (RFC 7512)."""

_log = logging.getLogger(__name__)


class KeyStore(Protocol):
    """Keeps private halves: a folder of files, or a PKCS#11 token."""

    def create(self, announce: Callable[[str], None]) -> tuple[str, ec.EllipticCurvePublicKey]:
        """Make a key; `announce` hears its handle before anything is kept. Raises OSError or SettingsError."""

    def load(self, handle: str) -> ec.EllipticCurvePrivateKey:
        """Give the key to sign with. Raises SettingsError."""

    def erase(self, handle: str) -> None:
        """Destroy a key, whether it is there or not. Raises OSError or SettingsError."""


class KeyVault:
    """The state in `folder`; private halves there as well, or new ones in `token` when there is one."""

    def __init__(self, folder: Path, token: KeyStore | None = None) -> None:
        self._folder = folder
        self._files = KeyFolder(folder)
        self._token = token
        self._last: tuple[bytes, KeyRing] | None = None

    def __str__(self) -> str:
        return str(self._folder)

    @property
    def is_recorded(self) -> bool:
        """Tell whether the state is written down; before the first change of an older folder it is not."""
        return (self._folder / KEY_RING_FILE).is_file()

    def read(self) -> KeyRing:
        """Give the keys as they are now; writes nothing. Raises SettingsError when the state cannot be trusted."""
        path = self._folder / KEY_RING_FILE
        try:
            if self._folder.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH):
                raise SettingsError(f"Others than its owner may write in {self._folder}. Run: chmod 700 {self._folder}")
            content = read_private_file(path)
        except FileNotFoundError:
            return key_ring_without_state(self._folder, self._files)
        except OSError as fault:
            raise SettingsError(f"The folder {self._folder} cannot be read: {fault.strerror}.") from fault
        last = self._last
        if last is None or last[0] != content:
            last = (content, key_ring_from(content, path))
            self._last = last
        return last[1]

    def load(self, key: KeyRecord) -> ec.EllipticCurvePrivateKey:
        """Give the private half of a key. Raises SettingsError when it is not there or not that of this key."""
        if key.handle is None:
            raise SettingsError(f"The private half of the signing key {key.kid} is erased.")
        private_key = self.store_of(key.handle).load(key.handle)
        if thumbprint(private_key.public_key()) != key.kid:
            raise SettingsError(f"{key.handle} in {self._folder} is not the signing key {key.kid}.")
        return private_key

    def store_of(self, handle: str) -> KeyStore:
        """Give the store that keeps this handle. Raises SettingsError when it is not set up here."""
        if not handle.startswith(PKCS11_PREFIX):
            return self._files
        if self._token is None:
            raise SettingsError("A signing key lies in a PKCS#11 token. Set AUTH_PKCS11_MODULE and its companions.")
        return self._token

    @property
    def store_of_new_keys(self) -> KeyStore:
        return self._token or self._files

    @contextmanager
    def changing(self, now: datetime) -> Iterator[KeyChange]:
        """Change the keys while everybody else who wants to waits. Raises SettingsError when the folder refuses."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._locked():
                change = KeyChange(self, self._folder / KEY_RING_FILE, self._ring_to_change(now))
                yield change
        except OSError as fault:
            raise SettingsError(f"The signing keys in {self._folder} cannot be changed: {fault.strerror}.") from fault

    @contextmanager
    def _locked(self) -> Iterator[None]:
        descriptor = open_private(self._folder / LOCK_FILE, os.O_RDWR)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _ring_to_change(self, now: datetime) -> KeyRing:
        ring = self.read()
        if self.is_recorded:
            return ring
        # An older release may have signed with the older keys until it ended, which may be now.
        retired = (replace(key, retired_at=now) if key.state is KeyState.RETIRED else key for key in ring.keys)
        return replace(ring, keys=tuple(retired))


@dataclass
class KeyChange:
    """One change under the lock: `ring` is the state as it is on disk, or would be."""

    vault: KeyVault
    path: Path
    ring: KeyRing
    before: KeyRing = field(init=False)

    def __post_init__(self) -> None:
        self.before = self.ring

    def make_key(self, now: datetime) -> KeyRecord:
        """Make a key and give its record, which is not in the state yet. Raises OSError or SettingsError."""
        handle, public_key = self.vault.store_of_new_keys.create(self._announce)
        x, y = coordinates(public_key)
        return KeyRecord(thumbprint_of(x, y), x, y, handle, KeyState.NEXT, published_at=now)

    def commit(self, ring: KeyRing) -> None:
        """Write the state down, then erase the private halves that it gives up. Raises OSError."""
        self._write(ring)
        self.erase()

    def erase(self) -> None:
        """Erase what is noted; what cannot be erased stays noted, and is tried again with the next change."""
        left = tuple(handle for handle in self.ring.to_erase if not self._is_erased(handle))
        if left != self.ring.to_erase:
            self._write(replace(self.ring, to_erase=left))

    def _is_erased(self, handle: str) -> bool:
        try:
            self.vault.store_of(handle).erase(handle)
        except (OSError, SettingsError) as fault:
            _log.warning("a private key cannot be erased; it is out of use", extra={"reason": str(fault)})
            return False
        return True

    def _announce(self, handle: str) -> None:
        self._write(self.ring.erasing(handle))

    def _write(self, ring: KeyRing) -> None:
        write_private_file(self.path, key_ring_bytes(ring))
        self.ring = ring
