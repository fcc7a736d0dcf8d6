"""Start a command that the kernel kills when the launcher dies, even by `kill -9` (prctl(2), PR_SET_PDEATHSIG).

Run by its path as `python die_with_parent.py LAUNCHER_PID COMMAND…`; it becomes the command. A file of its own rather
than Popen's preexec_fn, which is unsafe in a program with threads. Only Linux has the call; elsewhere only a clean end
takes everything along.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from typing import Final

PR_SET_PDEATHSIG: Final = 1


def ask_for_signal(number: int) -> None:
    """Ask the kernel to send this process a signal when its parent dies."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number)


def main(launcher: int, command: list[str]) -> None:
    ask_for_signal(signal.SIGKILL)
    if os.getppid() != launcher:  # It died before we had asked.
        sys.exit(1)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it, and what is ignored stays so over exec.
    os.execvp(command[0], command)  # noqa: S606 - no shell is what we want


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
