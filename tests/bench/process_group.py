"""Processes of one server on one core, and what they cost: processor time and memory, as Linux counts them in /proc."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

REPOSITORY: Final = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS: Final = 30
_TICKS_A_SECOND: Final = os.sysconf("SC_CLK_TCK")


class ProcessGroup:
    """The processes of one server with all their children; ended together."""

    def __init__(self, core: int) -> None:
        self._core = core
        self._started: list[subprocess.Popen[bytes]] = []
        self._adopted: list[int] = []

    def start(self, command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        """Start a process that may run on this group's core only; what it says goes into `log`."""
        with log.open("ab") as said:
            self._started.append(
                subprocess.Popen(
                    ["taskset", "-c", str(self._core), *command],
                    env=dict(environment),
                    cwd=REPOSITORY,
                    stdin=subprocess.DEVNULL,
                    stdout=said,
                    stderr=said,
                    start_new_session=True,
                )
            )

    def adopt(self, pid: int) -> None:
        """Count a process that somebody else started, and ends, with all its children; it moves to the core."""
        self._adopted.append(pid)
        for member in family([pid]):
            os.sched_setaffinity(member, {self._core})

    def roots(self) -> list[int]:
        return [*(process.pid for process in self._started), *self._adopted]

    def members(self) -> list[int]:
        return family(self.roots())

    def wait_until(self, is_ready: Callable[[], bool], what: str) -> None:
        """Wait for the process started last. Raises RuntimeError when it ends, or takes too long."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not is_ready():
            if self._started[-1].poll() is not None:
                raise RuntimeError(f"{what} ended at its start; its log says why.")
            if time.monotonic() > deadline:
                raise RuntimeError(f"{what} did not answer within {PATIENCE_SECONDS} s.")
            time.sleep(0.02)

    def stop(self) -> None:
        """End what was started here, the last first."""
        for process in reversed(self._started):
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self._started.clear()


def family(roots: Iterable[int]) -> list[int]:
    """Give the processes and all that descend from them."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        parent = _parent(folder)
        if parent is not None:
            children.setdefault(parent, []).append(int(folder.name))
    found: list[int] = []
    waiting = list(roots)
    while waiting:
        member = waiting.pop()
        found.append(member)
        waiting += children.get(member, [])
    return found


def processor_seconds(members: Iterable[int]) -> float:
    """Give the time that processes have run, in user and kernel mode, with that of children they have buried."""
    return sum(sum(_stat(member, 11, 15)) for member in members) / _TICKS_A_SECOND


def core_seconds(core: int) -> float:
    """Give how long a core has been busy since the machine started, whoever kept it so."""
    for line in Path("/proc/stat").read_text().splitlines():
        name, *counts = line.split()
        if name == f"cpu{core}":
            user, nice, system, _idle, _waiting, *interrupts = (int(count) for count in counts[:7])
            return (user + nice + system + sum(interrupts)) / _TICKS_A_SECOND
    raise ValueError(f"There is no core {core}.")


def proportional_kilobytes(member: int) -> int:
    """Give a process's memory with each shared page divided among those who share it (PSS)."""
    for line in Path(f"/proc/{member}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    return 0


def _parent(folder: Path) -> int | None:
    found = _stat(int(folder.name), 1, 2)
    return found[0] if found else None


def _stat(member: int, first: int, last: int) -> list[int]:
    # Counted after the name, which may hold anything, in brackets (proc_pid_stat(5)).
    try:
        text = Path(f"/proc/{member}/stat").read_text()
    except OSError:
        return []
    return [int(field) for field in text.rpartition(")")[2].split()[first:last]]
