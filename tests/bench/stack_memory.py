"""What the whole local stack takes of memory while nobody uses it."""

from __future__ import annotations

import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from deploy.local_stack.leftovers import leftovers
from deploy.local_stack.settings import StackSettings, free_ports
from deploy.local_stack.stack import LocalStack
from tests.bench.process_group import proportional_kilobytes

SETTLING_SECONDS: Final = 3


def idle_mebibytes() -> float:
    """Start it on free ports, let it settle, and add up all its processes, shared pages divided among them (PSS)."""
    with TemporaryDirectory(prefix="tillpass-bench-") as name:
        folder = Path(name)
        with LocalStack(StackSettings(folder, free_ports())):
            time.sleep(SETTLING_SECONDS)
            return sum(proportional_kilobytes(member) for member in leftovers(folder)) / 1024
