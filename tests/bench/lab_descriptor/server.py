"""`python -m tests.bench.lab_descriptor.server start|stop|approve gunicorn|granian`: our server as the lab drives it.

The environment says SERVER_CPU, LOAD_CPU, LAB_TMP (process ids) and LAB_DATA (databases), as the lab has them.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import sys
import time
from pathlib import Path

from tests.bench.filled_service import Approver, FilledService
from tests.bench.process_group import ProcessGroup
from tests.bench.servers import Server, start_auth_service, start_license_double

PORTS = {"gunicorn": 18431, "granian": 18432}


def name_of(kind: str) -> str:
    return f"tillpass_{kind}"


def start(kind: str) -> None:
    """Start afresh: an empty store, the server and its Valkey pinned, their process ids written down."""
    stop(kind)
    folder = _folder(kind)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    beside = ProcessGroup(int(os.environ.get("LOAD_CPU", "1")))
    licenses = start_license_double(beside, folder)
    # Written at once, so that a start that fails is stopped like any other.
    _write_pids(_run_folder() / f"{name_of(kind)}.beside", beside)
    group = ProcessGroup(int(os.environ.get("SERVER_CPU", "0")))
    server = Server(name_of(kind), kind, folder, group, PORTS[kind])
    try:
        start_auth_service(server, licenses).save(folder / "service.json")
    finally:
        _write_pids(_run_folder() / f"{name_of(kind)}.pids", group)


def stop(kind: str) -> None:
    """End exactly the processes that were written down."""
    for suffix in ("pids", "beside"):
        noted = _run_folder() / f"{name_of(kind)}.{suffix}"
        if noted.exists():
            for pid in reversed(noted.read_text().split()):
                _end(int(pid))
            noted.unlink()


def approve(kind: str) -> None:
    """Approve the user codes of the answers on standard input, one JSON document a line."""
    service = FilledService.load(_folder(kind) / "service.json")
    Approver(service, service.wired()).approve(json.loads(line)["user_code"] for line in sys.stdin)


def _end(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
        for _ in range(100):
            os.kill(pid, 0)
            time.sleep(0.05)
        os.kill(pid, signal.SIGKILL)


def _write_pids(path: Path, group: ProcessGroup) -> None:
    path.write_text("".join(f"{pid}\n" for pid in group.roots()))


def _folder(kind: str) -> Path:
    return _folder_of("LAB_DATA") / name_of(kind)


def _run_folder() -> Path:
    folder = _folder_of("LAB_TMP") / "run"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _folder_of(variable: str) -> Path:
    value = os.environ.get(variable, "")
    if not value:
        sys.exit(f"{variable} is missing: export it with the value that the lab uses.")
    return Path(value)


if __name__ == "__main__":
    {"start": start, "stop": stop, "approve": approve}[sys.argv[1]](sys.argv[2])
