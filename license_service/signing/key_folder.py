"""The folder of the signing keys: each private half a PEM file, and one file that says which key does what (T29, T30).

The folder belongs to its owner alone and holds nothing else. A change goes on under a lock and survives a crash at any
step: a new private half is on disk before the state names it, and one that the state no longer needs is erased after
the state was written. What a crash left behind goes with the next change.
"""

from __future__ import annotations

import fcntl
import os
import stat
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from license_service.domain.errors import SigningKeyUnavailableError
from license_service.domain.signing_key import KeyRing, SigningKey, SigningKeyState
from license_service.signing.key_ring_file import key_ring_bytes, key_ring_from
from license_service.signing.private_files import open_private, read_private_file, sync_folder, write_private_file
from wire.dpop_key import public_jwk, thumbprint

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

_STATE: Final = "signing-keys.json"
_LOCK: Final = "signing-keys.lock"


class KeyFolder:
    """Reads the folder anew each time, as a change by another process counts at once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._last: tuple[str, ec.EllipticCurvePrivateKey] | None = None

    def read(self) -> KeyRing:
        """Give the published keys. Raises SigningKeyUnavailableError when the folder cannot be trusted."""
        path = self._folder / _STATE
        try:
            if self._folder.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH):
                raise SigningKeyUnavailableError(
                    f"Others than its owner may write in {self._folder}. Run: chmod 700 {self._folder}"
                )
            return key_ring_from(read_private_file(path), path)
        except FileNotFoundError as fault:
            if any(self._folder.glob("*.pem")):
                # A state of no keys would let the next change erase them.
                raise SigningKeyUnavailableError(
                    f"{path} is missing beside private keys. Restore the backup, or empty the folder if unused."
                ) from fault
            return KeyRing()
        except OSError as fault:
            raise SigningKeyUnavailableError(f"{self._folder} cannot be read: {fault.strerror}.") from fault

    def current_key(self) -> ec.EllipticCurvePrivateKey:
        """Give the key to sign with. Raises SigningKeyUnavailableError."""
        current = self.read().current
        if current is None:
            raise SigningKeyUnavailableError(
                f"There is no signing key in {self._folder}. Make one with: license-service signing create-key"
            )
        last = self._last
        if last is None or last[0] != current.kid:
            last = self._last = (current.kid, self._load(current.kid))
        return last[1]

    @contextmanager
    def changing(self) -> Iterator[KeyChange]:
        """Change the keys while everybody else who wants to waits. Raises SigningKeyUnavailableError."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = open_private(self._folder / _LOCK, os.O_RDWR)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                yield KeyChange(self._folder, self.read())
            finally:
                os.close(descriptor)
        except OSError as fault:
            raise SigningKeyUnavailableError(f"{self._folder} cannot be changed: {fault.strerror}.") from fault

    def _load(self, kid: str) -> ec.EllipticCurvePrivateKey:
        path = self._folder / f"{kid}.pem"
        try:
            key = serialization.load_pem_private_key(read_private_file(path), password=None)
        except FileNotFoundError as fault:
            raise SigningKeyUnavailableError(f"The signing key {path} is missing.") from fault
        except (ValueError, TypeError) as fault:
            raise SigningKeyUnavailableError(f"{path} is not a private key in PEM form.") from fault
        # The kid is the thumbprint of a P-256 key.
        if not isinstance(key, ec.EllipticCurvePrivateKey) or thumbprint(key.public_key()) != kid:
            raise SigningKeyUnavailableError(f"{path} is not the signing key {kid}.")
        return key


class KeyChange:
    """One change under the lock; `ring` is the state on disk."""

    def __init__(self, folder: Path, ring: KeyRing) -> None:
        self._folder = folder
        self.ring = ring

    def make_key(self, now: datetime) -> SigningKey:
        """Make a key; it is not in the state yet. Raises OSError."""
        key = ec.generate_private_key(ec.SECP256R1())
        kid, jwk = thumbprint(key.public_key()), public_jwk(key.public_key())
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        write_private_file(self._folder / f"{kid}.pem", pem)
        return SigningKey(kid, jwk["x"], jwk["y"], SigningKeyState.NEXT, published_at=now)

    def commit(self, ring: KeyRing) -> None:
        """Write the state down, then erase every private half that it does not need. Raises OSError."""
        write_private_file(self._folder / _STATE, key_ring_bytes(ring))
        self.ring = ring
        for path in self._folder.glob("*.pem*"):
            if path.name not in {f"{kid}.pem" for kid in ring.signing}:
                path.unlink(missing_ok=True)
        sync_folder(self._folder)
