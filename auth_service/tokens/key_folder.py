"""Private keys as PEM files in a folder, one file each, owner-only (RFC 5958, T29)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from auth_service.domain.errors import SettingsError
from auth_service.tokens.private_files import erase_file, read_private_file, write_private_file
from auth_service.tokens.public_jwk import thumbprint

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class KeyFolder:
    """Keeps the private halves of signing keys; a handle is a file's name."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def create(self, announce: Callable[[str], None]) -> tuple[str, ec.EllipticCurvePublicKey]:
        """Make a key and give its handle and public half; `announce` hears the handle before a file is there.

        Raises OSError.
        """
        private_key = ec.generate_private_key(ec.SECP256R1())
        handle = f"{thumbprint(private_key.public_key())}.pem"
        announce(handle)
        pem = private_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        write_private_file(self._folder / handle, pem)
        return handle, private_key.public_key()

    def load(self, handle: str) -> ec.EllipticCurvePrivateKey:
        """Read a key. Raises SettingsError when it cannot be used."""
        path = self._path(handle)
        try:
            private_key = serialization.load_pem_private_key(read_private_file(path), password=None)
        except FileNotFoundError as fault:
            raise SettingsError(f"The signing key {path} is missing.") from fault
        except (ValueError, TypeError) as fault:
            raise SettingsError(f"{path} is not a private key in PEM form.") from fault
        if not isinstance(private_key, ec.EllipticCurvePrivateKey) or not isinstance(private_key.curve, ec.SECP256R1):
            raise SettingsError(f"{path} is not a P-256 key.")
        return private_key

    def erase(self, handle: str) -> None:
        """Delete a key's file, whether it is there or not. Raises OSError."""
        erase_file(self._path(handle))

    def _path(self, handle: str) -> Path:
        if "/" in handle or not handle.endswith(".pem"):
            raise SettingsError(f"The state of the signing keys names {handle!r}, which is no PEM file of its folder.")
        return self._folder / handle
