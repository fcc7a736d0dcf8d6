"""Signing keys under test: a vault in a folder, what it published, and a crash at a chosen step."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

    from auth_service.tokens.key_vault import KeyVault

NOW = datetime(2027, 1, 1, tzinfo=UTC)


def states(vault: KeyVault) -> dict[str, str]:
    return {key.kid: key.state.value for key in vault.read().keys}


def write_pem(path: Path, curve: ec.EllipticCurve | None = None) -> None:
    private_key = ec.generate_private_key(curve or ec.SECP256R1())
    path.write_bytes(
        private_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    path.chmod(0o600)


class Monotonic:
    """A monotonic clock that a test moves by hand."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


class Crash(BaseException):
    """The power went: nothing of ours may catch it."""


class PowerCut:
    """Lets so many calls to the file system pass, then ends the process, as far as the code can tell."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, steps: int) -> None:
        self.left = steps
        for name in ("open", "fsync", "fchmod", "rename", "replace", "unlink", "remove"):
            monkeypatch.setattr(os, name, self._counted(getattr(os, name)))

    def _counted(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **more: Any) -> Any:
            if self.left == 0:
                raise Crash
            self.left -= 1
            return call(*arguments, **more)

        return counted
