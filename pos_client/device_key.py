"""The key of this device: a file for its owner alone, and the proofs that are made with it (RFC 9449; T15, T61).

The authorization server binds a license to the key with which it was asked for: whoever copies the tokens alone cannot
refresh them. The key is made with the first User Code and goes with Remove License; it never leaves this machine.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from pos_client.errors import StateError
from pos_client.private_file import read_private_file, remove_private_file, write_private_file
from wire.dpop_key import DpopKey
from wire.errors import ProofRefusedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

KEY_NAME: Final = "device-key.pem"
_LARGEST_FILE: Final = 4096
# What a nonce is made of (RFC 9449 §8.1).
_NONCE: Final = re.compile(r"\A[\x21\x23-\x5b\x5d-\x7e]{1,256}\Z")


class DeviceKey:
    """The key in the state folder; each call reads the file anew, since another process may have changed it."""

    def __init__(self, folder: Path, *, now: Callable[[], datetime]) -> None:
        self._path = folder / KEY_NAME
        self._now = now
        self._nonce: str | None = None

    def make(self) -> None:
        """Make the key if there is none that can be used. Callers hold the lock of the folder. Raises StateError."""
        content = read_private_file(self._path, _LARGEST_FILE)
        try:
            DpopKey.from_pem(content or b"")
        except ProofRefusedError:
            write_private_file(self._path, DpopKey.generate().pem())

    def forget(self) -> None:
        """Erase the key. Callers hold the lock of the folder. Raises StateError."""
        remove_private_file(self._path)

    def proof(self, method: str, url: str) -> str | None:
        """Make the proof for one request; None where there is no key yet. Raises StateError."""
        content = read_private_file(self._path, _LARGEST_FILE)
        if content is None:
            # A license that was acquired before there were keys refreshes without one.
            return None
        try:
            key = DpopKey.from_pem(content)
        except ProofRefusedError as fault:
            raise StateError(
                f"The file {self._path} holds no key any more. Remove the license and acquire it again."
            ) from fault
        return key.proof(method, url, self._now(), nonce=self._nonce)

    def take_nonce(self, nonce: str | None) -> bool:
        """Keep the nonce that an answer brought for the next proofs (RFC 9449 §8.2); tell whether there was one."""
        if nonce is None or not _NONCE.match(nonce):
            return False
        self._nonce = nonce
        return True
