"""One process of the stack, in a session of its own, so that Ctrl-C reaches the launcher alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Final

from deploy.local_stack import die_with_parent
from deploy.local_stack.part import LogSinceStart
from deploy.local_stack.settings import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_GROUP_GONE_SECONDS: Final = 1


class ChildProcess:
    """A running command and all that it starts."""

    def __init__(self, command: tuple[str, ...], environment: Mapping[str, str], log_path: Path) -> None:
        wrapper = [sys.executable, "-I", "-S", die_with_parent.__file__, str(os.getpid())]
        descriptor = os.open(log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            self.log = LogSinceStart(log_path, os.fstat(descriptor).st_size)
            self._process = subprocess.Popen(
                [*wrapper, *command],
                env=dict(environment),
                cwd=REPOSITORY,
                stdin=subprocess.DEVNULL,
                stdout=descriptor,
                stderr=descriptor,
                start_new_session=True,
            )
        finally:
            os.close(descriptor)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """Give the exit code; None while the process lives."""
        return self._process.poll()

    @property
    def is_alive(self) -> bool:
        return self.exit_code is None

    def terminate(self) -> None:
        """Ask it to end; it tells its own children."""
        if self.is_alive:
            self._process.terminate()

    def kill(self) -> None:
        """End it and whatever is left of its group at once, and wait until they are gone.

        Orphans that init is slow to bury are not waited for long: they hold nothing any more.
        """
        deadline = time.monotonic() + _GROUP_GONE_SECONDS
        while self._signal_group() and time.monotonic() < deadline:
            self._process.poll()
            self._bury_adopted()
            time.sleep(0.005)
        self._process.wait()

    def _signal_group(self) -> bool:
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            return False
        return True

    def _bury_adopted(self) -> None:
        # Where the launcher is a subreaper, its children's orphans became its own children.
        try:
            while os.waitpid(-self.pid, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            pass
