"""One local stack, from the folder's lock to the last process: `make run`, `make demo` and the tests all use this.

    with LocalStack(StackSettings(folder, free_ports())) as stack:
        stack.document["auth_url"]
        stack.stop("license_service")
        stack.start("license_service")
        stack.kill("valkey")

Start it in the main thread: the kernel ends the parts when the thread that started them ends (prctl(2)).
"""

from __future__ import annotations

import json
import os
import time
from contextlib import ExitStack
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Self

from deploy.local_stack import folder_lock
from deploy.local_stack.child_process import ChildProcess
from deploy.local_stack.document import stack_document, write_document
from deploy.local_stack.environment_files import write_environment_files
from deploy.local_stack.errors import PartFailedError
from deploy.local_stack.leftovers import MARK, wait_until_gone
from deploy.local_stack.ports import WantedPort, check_ports
from deploy.local_stack.process_table import environments, process_table, seeding
from deploy.local_stack.settings import Ports
from deploy.local_stack.stack_secrets import secrets_of
from deploy.local_stack.supervisor import Supervisor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from deploy.local_stack.settings import StackSettings

_LISTENERS = {
    "auth": "auth_service",
    "license": "license_service",
    "notify": "notify_service",
    "operations": "the status page and metrics of notify_service",
    "pos": "the demo POS server",
    "update": "the update service",
    "smtp": "the mail catcher",
    "redis": "valkey",
}


class LocalStack:
    """A context manager: inside it every part is ready; afterwards nothing of it runs.

    `extra_environment` is given to every part. Entering raises StackError's kinds; nothing is left behind then either.
    """

    def __init__(
        self,
        settings: StackSettings,
        *,
        extra_environment: Mapping[str, str] | None = None,
        say: Callable[[str], None] = lambda _line: None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._settings = settings
        self._environment = {
            **os.environ,
            # Less memory with threads; what imports needed for a moment goes back to the system (glibc).
            "MALLOC_ARENA_MAX": "1",
            "MALLOC_MMAP_THRESHOLD_": "65536",
            "MALLOC_TRIM_THRESHOLD_": "131072",
            # Logs are there when a process dies.
            "PYTHONUNBUFFERED": "1",
            **(extra_environment or {}),
            MARK: str(settings.folder),
        }
        self._say = say
        self._pause = pause
        self._document_path = settings.folder / "stack.json"
        self.document: dict[str, Any] = {}

    def __enter__(self) -> Self:
        with ExitStack() as undo:
            undo.enter_context(folder_lock.held(self._settings.folder))
            wait_until_gone(self._settings.folder, self._pause)
            check_ports(_wanted_ports(self._settings))
            self._say(f"Starting Tillpass in {self._settings.folder} (logs: {self._settings.folder / 'log'})")
            self._start(undo)
            self._undo = undo.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._undo.close()

    @property
    def folder(self) -> Path:
        return self._settings.folder

    def watch(self) -> None:
        """Restart what has died. Raises PartFailedError when one part dies again and again."""
        self._supervisor.watch()

    def start(self, part: str) -> None:
        """Start a part that was stopped or killed, and wait until it is ready."""
        self._supervisor.start(part)

    def stop(self, part: str) -> None:
        """End one part in the orderly way; it stays away until `start`."""
        self._supervisor.stop(part)

    def kill(self, part: str) -> None:
        """End one part as `kill -9` on all its processes; it stays away until `start`."""
        self._supervisor.kill(part)

    def pid(self, part: str) -> int:
        return self._supervisor.pid(part)

    def _start(self, undo: ExitStack) -> None:
        folder = self._settings.folder
        self._document_path.unlink(missing_ok=True)
        secrets = secrets_of(folder / "secrets.json")
        write_environment_files(folder, environments(self._settings, secrets))
        self._supervisor = Supervisor(
            process_table(self._settings, secrets),
            logs=folder / "log",
            environment=self._environment,
            say=self._say,
            pause=self._pause,
        )
        seeded = self._seed(*seeding(self._settings, secrets))
        undo.callback(self._supervisor.stop_all)
        self._say("  the parts start now; that takes up to half a minute")
        self._supervisor.start_all()
        self.document = stack_document(self._settings, secrets, seeded)
        undo.callback(self._document_path.unlink, missing_ok=True)
        write_document(self._document_path, self.document)

    def _seed(self, command: tuple[str, ...], environment: Mapping[str, str]) -> dict[str, Any]:
        log = self._settings.folder / "log" / "databases.log"
        log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if log.exists():
            log.replace(log.with_suffix(".previous.log"))
        began = time.monotonic()
        child = ChildProcess(command, {**self._environment, **environment}, log)
        try:
            while child.is_alive:
                self._pause(0.02)
            if child.exit_code != 0:
                raise PartFailedError(
                    f"The databases could not be made ready. The end of {log}:\n{child.log.last_lines()}"
                )
        finally:
            child.kill()
        self._say(f"  {'databases':<16} ready  {time.monotonic() - began:4.1f} s")
        seeded: dict[str, Any] = json.loads(child.log.text().splitlines()[-1])
        return seeded


def _wanted_ports(settings: StackSettings) -> list[WantedPort]:
    names = [field.name for field in fields(Ports) if not (field.name == "redis" and settings.redis_url)]
    return [WantedPort(getattr(settings.ports, name), _LISTENERS[name], Ports.variable(name)) for name in names]
