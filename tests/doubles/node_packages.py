"""The libraries for Node that tests try, at the versions of tests/journeys/node/package-lock.json."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

NODE = Path(__file__).parents[1] / "journeys" / "node"


def install_node_packages(folder: Path) -> Path:
    """Install them into `folder`, and give the folder node_modules in it; skips where there is no npm."""
    if shutil.which("npm") is None:
        pytest.skip("there is no npm here")
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(NODE / name, folder)
    subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund"], cwd=folder, check=True, timeout=300)
    return folder / "node_modules"
