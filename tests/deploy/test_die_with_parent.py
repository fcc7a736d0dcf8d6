"""The wrapper that ties a command's life to the launcher's."""

from __future__ import annotations

import subprocess
import sys

from deploy.local_stack import die_with_parent


def test_a_command_whose_launcher_died_before_it_began_is_not_run() -> None:
    another = 1  # init: surely not the parent of a process started here.
    command = [sys.executable, die_with_parent.__file__, str(another), sys.executable, "-c", "print('ran')"]

    answer = subprocess.run(command, capture_output=True, check=False)

    assert (answer.returncode, answer.stdout) == (1, b"")


def test_the_command_takes_the_wrappers_place() -> None:
    code = "import os, signal; print(os.getpid(), signal.getsignal(signal.SIGTERM) is signal.SIG_DFL)"
    own = "import os, sys; os.execv(sys.executable, [sys.executable, sys.argv[1], str(os.getppid()), *sys.argv[2:]])"
    command = [sys.executable, "-c", own, die_with_parent.__file__, sys.executable, "-c", code]

    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        answer, _ = process.communicate()

    assert answer.split() == [str(process.pid), "True"]
