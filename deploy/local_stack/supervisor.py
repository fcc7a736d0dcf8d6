"""Starts the parts in the order of their needs, restarts one that dies, and ends all of them.

One thread, no callbacks: `watch` is called again and again and moves each part one step on.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Final

from deploy.local_stack.child_process import ChildProcess
from deploy.local_stack.errors import PartFailedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from deploy.local_stack.part import Part

DEATHS_ALLOWED: Final = 5
DEATHS_WINDOW_SECONDS: Final = 60
FIRST_REST_SECONDS: Final = 0.5
GRACE_SECONDS: Final = 10
_GLANCE_SECONDS: Final = 0.05


class State(Enum):
    """STOPPED → STARTING → READY; RESTING after a death, until the next try."""

    STOPPED = "stopped"
    STARTING = "starting"
    READY = "ready"
    RESTING = "resting"


@dataclass
class _Run:
    """What is known of one part now."""

    part: Part
    state: State = State.STOPPED
    child: ChildProcess | None = None
    began: float = 0
    rests_until: float = 0
    deaths: list[float] = field(default_factory=list)

    @property
    def is_alive(self) -> bool:
        return self.child is not None and self.child.is_alive


class Supervisor:
    """Holds the parts; `say` tells the person at the terminal, `pause` waits and may raise to interrupt."""

    def __init__(
        self,
        parts: Iterable[Part],
        *,
        logs: Path,
        environment: Mapping[str, str],
        say: Callable[[str], None],
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._runs = {part.name: _Run(part) for part in parts}
        self._logs = logs
        self._environment = environment
        self._say = say
        self._pause = pause

    def start_all(self) -> None:
        """Start every part when its needs are ready. Raises PartFailedError when one dies or is late."""
        self._turn_logs()
        while waiting := [run for run in self._runs.values() if run.state is not State.READY]:
            for run in waiting:
                if run.state is State.STOPPED and self._needs_are_ready(run):
                    self._launch(run)
                self._bring_up(run)
            self._pause(_GLANCE_SECONDS)

    def watch(self) -> None:
        """Look at each part once; restart the dead. Raises PartFailedError when one dies again and again."""
        for run in self._runs.values():
            if run.state is State.RESTING and time.monotonic() >= run.rests_until:
                self._launch(run)
            elif run.state is not State.STOPPED and not run.is_alive and run.state is not State.RESTING:
                self._lay_to_rest(run)
            elif run.state is State.STARTING:
                self._settle(run)

    def start(self, name: str) -> None:
        """Start one part and wait until it is ready. Raises PartFailedError."""
        run = self._runs[name]
        self._launch(run)
        while run.state is State.STARTING:
            self._bring_up(run)
            self._pause(_GLANCE_SECONDS)

    def stop(self, name: str) -> None:
        """End one part as a stop does, within its grace time; it stays away until `start`."""
        self._end([self._runs[name]])

    def kill(self, name: str) -> None:
        """End one part as `kill -9` on all its processes; it stays away until `start`."""
        self._bury(self._runs[name])

    def stop_all(self) -> None:
        """End every part, those first that nobody needs any more; whoever outlives the grace time is killed."""
        self._end(list(self._runs.values()))

    def pid(self, name: str) -> int:
        """Give the process id of a part that runs."""
        child = self._runs[name].child
        if child is None:
            raise PartFailedError(f"{name} does not run.")
        return child.pid

    def _turn_logs(self) -> None:
        self._logs.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in self._runs:
            log = self._log_of(name)
            if log.exists():
                log.replace(log.with_suffix(".previous.log"))

    def _log_of(self, name: str) -> Path:
        return self._logs / f"{name}.log"

    def _needs_are_ready(self, run: _Run) -> bool:
        return all(self._runs[name].state is State.READY for name in run.part.needs)

    def _launch(self, run: _Run) -> None:
        environment = {**self._environment, **run.part.environment}
        run.began = time.monotonic()
        run.child = ChildProcess(run.part.command, environment, self._log_of(run.part.name))
        run.state = State.STARTING

    def _bring_up(self, run: _Run) -> None:
        """At a first start nothing is forgiven."""
        if run.state is not State.STARTING or run.child is None:
            return
        if (code := run.child.exit_code) is not None:
            raise PartFailedError(self._obituary(run, f"{run.part.name} ended at its start, {_ended(code)}"))
        missing = run.part.ready(run.child.log)
        if not missing:
            self._declare_ready(run)
        elif self._is_late(run):
            reason = f"{run.part.name} was not ready after {run.part.patience_seconds:.0f} s: {missing}"
            raise PartFailedError(self._obituary(run, reason))

    def _settle(self, run: _Run) -> None:
        """At a restart one that is late is ended, which counts as a death."""
        if run.child is not None and not run.part.ready(run.child.log):
            self._declare_ready(run)
        elif run.child is not None and self._is_late(run):
            run.child.kill()

    def _declare_ready(self, run: _Run) -> None:
        run.state = State.READY
        self._say(f"  {run.part.name:<16} ready  {time.monotonic() - run.began:4.1f} s")

    def _is_late(self, run: _Run) -> bool:
        return time.monotonic() - run.began > run.part.patience_seconds

    def _lay_to_rest(self, run: _Run) -> None:
        if run.child is None:
            return
        run.child.kill()  # What it left behind, such as a worker that still holds the port.
        now = time.monotonic()
        run.deaths = [*(death for death in run.deaths if now - death < DEATHS_WINDOW_SECONDS), now]
        ended = f"{run.part.name} ended by itself, {_ended(run.child.exit_code)}"
        if len(run.deaths) >= DEATHS_ALLOWED:
            reason = f"{ended}, the {len(run.deaths)}th time within {DEATHS_WINDOW_SECONDS} s"
            raise PartFailedError(self._obituary(run, reason))
        rest = FIRST_REST_SECONDS * 2 ** (len(run.deaths) - 1)
        run.rests_until = now + rest
        run.state = State.RESTING
        self._say(f"  {ended}; starting it again in {rest:g} s (log: {self._log_of(run.part.name)})")

    def _obituary(self, run: _Run, reason: str) -> str:
        lines = run.child.log.last_lines() if run.child is not None else ""
        return f"{reason}. The end of {self._log_of(run.part.name)}:\n{lines or '    (nothing)'}"

    def _bury(self, run: _Run) -> None:
        if run.child is not None:
            run.child.kill()
        # Forgotten, since its process id may be given to somebody else now.
        run.child = None
        run.state = State.STOPPED

    def _end(self, runs: list[_Run]) -> None:
        deadline = time.monotonic() + GRACE_SECONDS
        asked: set[str] = set()
        while alive := [run for run in runs if run.is_alive]:
            needed = {name for run in alive for name in run.part.needs}
            for run in alive:
                if run.part.name in needed or run.child is None:
                    continue
                if run.part.name not in asked:
                    run.child.terminate()
                    asked.add(run.part.name)
                elif time.monotonic() > deadline:
                    run.child.kill()
            time.sleep(_GLANCE_SECONDS)  # Not `pause`: an end is not interrupted.
        for run in runs:
            self._bury(run)


def _ended(code: int | None) -> str:
    return f"killed by signal {-code}" if code is not None and code < 0 else f"with exit code {code}"
