"""A PKCS#11 token in software (SoftHSM), in a folder of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from auth_service.settings import Pkcs11Settings

MODULE: Final = Path("/usr/lib/softhsm/libsofthsm2.so")
PIN: Final = "28301746"


def is_installed() -> bool:
    return MODULE.exists() and shutil.which("softhsm2-util") is not None


@dataclass(frozen=True)
class SoftHsm:
    """`folder` holds its tokens; the library reads where they are from the environment, once a process."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        return {"SOFTHSM2_CONF": str(self.folder / "softhsm2.conf")}

    def prepare(self) -> None:
        (self.folder / "tokens").mkdir()
        (self.folder / "softhsm2.conf").write_text(f"directories.tokendir = {self.folder / 'tokens'}\n")

    def new_token(self, folder: Path) -> Pkcs11Settings:
        """Make a token, and the file of its PIN in `folder`."""
        label = f"tillpass-{uuid.uuid4().hex[:8]}"
        subprocess.run(
            ["softhsm2-util", "--init-token", "--free", "--label", label, "--pin", PIN, "--so-pin", "11112222"],
            env={**os.environ, **self.environment},
            check=True,
            capture_output=True,
        )
        pin_file = folder / "pin"
        pin_file.touch(mode=0o600)
        pin_file.write_text(f"{PIN}\n")
        return Pkcs11Settings(MODULE, label, pin_file)
