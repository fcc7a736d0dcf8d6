"""`python -m deploy.local_stack run|demo`: what `make run` and `make demo` call."""

from __future__ import annotations

import argparse
import ctypes
import os
import signal
import sys
from pathlib import Path
from typing import Final

from deploy.local_stack import demo
from deploy.local_stack.die_with_parent import ask_for_signal
from deploy.local_stack.document import table
from deploy.local_stack.ending import Ending
from deploy.local_stack.errors import EndRequestedError, StackError
from deploy.local_stack.settings import load_settings
from deploy.local_stack.stack import LocalStack

_PR_SET_CHILD_SUBREAPER: Final = 36


def main() -> int:
    """Give the exit code: 0 for an end that was asked for or a story told to its end, else 1."""
    arguments = _arguments()
    if arguments.end_with_parent:
        ask_for_signal(signal.SIGTERM)
    _adopt_orphans()
    os.umask(0o077)  # All that the parts write is the owner's alone.
    with Ending() as ending:
        try:
            if arguments.command == "demo":
                demo.tell(os.environ.get("REDIS_URL") or None, say=_say, pause=ending.pause)
            else:
                _run(arguments.folder, ending)
        except EndRequestedError as asked:
            _say(f"\nEnded on {asked}; nothing runs any more.")
            return 0 if arguments.command == "run" else 1
        except StackError as fault:
            print(f"\n{fault}", file=sys.stderr)
            return 1
    return 0


def _run(folder: Path | None, ending: Ending) -> None:
    settings = load_settings(os.environ, folder)
    with LocalStack(settings, say=_say, pause=ending.pause) as stack:
        _say(f"\n{table(stack.document)}\nCtrl-C ends all. The same for scripts: {settings.folder / 'stack.json'}")
        try:
            while True:
                ending.pause(1)
                stack.watch()
        except EndRequestedError:
            _say("\nEnding all parts …")
            raise


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m deploy.local_stack", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="run everything in the foreground")
    run.add_argument("--folder", type=Path, help="where the state is kept (default: var)")
    told = commands.add_parser("demo", help="play the main story once on a fresh temporary stack")
    for command in (run, told):
        command.add_argument("--end-with-parent", action="store_true", help="end when the calling process dies")
    return parser.parse_args()


def _adopt_orphans() -> None:
    # So that the workers of a part that was killed can be buried here too (prctl(2)); Linux only.
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)


def _say(line: str) -> None:
    try:
        print(line, flush=True)
    except OSError:
        # The terminal is gone; SIGHUP or the reader's end of the pipe says the rest.
        sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115


if __name__ == "__main__":
    sys.exit(main())
