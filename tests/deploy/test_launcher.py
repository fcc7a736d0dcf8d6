"""The launcher as a process of its own, with stand-ins for the services: how it starts, refuses and ends.

One stand-in is a real gunicorn, since its worker is a grandchild that the launcher does not know.
"""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from deploy.local_stack.leftovers import leftovers
from deploy.local_stack.settings import REPOSITORY, Ports, free_ports

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

DEADLINE_SECONDS = 20

LAUNCHER = """
import sys
from deploy.local_stack import __main__, stack
from deploy.local_stack.part import Part
from deploy.local_stack.readiness import answers_http, says

def process_table(settings, secrets):
    gunicorn = (sys.executable, "-m", "gunicorn", "--config=deploy/gunicorn.conf.py", "wsgiref.simple_server:demo_app")
    stays = "import time; print('up', flush=True); time.sleep(600)"
    return [
        Part("valkey", (sys.executable, "-c", stays), says("up")),
        Part("auth_service", (*gunicorn, f"--bind=127.0.0.1:{settings.ports.auth}"),
             answers_http(settings.ports.auth, "/"), needs=("valkey",)),
    ]

def seeding(settings, secrets):
    return (sys.executable, "-c", f"print({SEEDED!r})"), {}

SEEDED = '''{"operator": {"email": "owner@demo-bakery.example"}, "organization": {"id": "o", "name": "n"},
 "devices": {"hub": {"id": "h", "name": "Hub"}, "pos_server": {"id": "p", "name": "Shop 1"}},
 "scripts_client_id": "local-scripts"}'''.replace(chr(10), "")
stack.process_table, stack.seeding = process_table, seeding
sys.exit(__main__.main())
"""


class Launcher:
    """A running launcher."""

    def __init__(self, folder: Path, ports: Ports, *options: str) -> None:
        self.folder = folder
        self.ports = ports
        chosen = {Ports.variable(name): str(number) for name, number in dataclasses.asdict(ports).items()}
        self.process = subprocess.Popen(
            [sys.executable, "-c", LAUNCHER, "run", f"--folder={folder}", *options],
            env={**os.environ, **chosen},
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.output = ""

    def wait_until_it_runs(self) -> None:
        while "Ctrl-C ends all" not in self.output:
            line = self.process.stdout.readline()
            assert line, self.output
            self.output += line

    def rest(self) -> str:
        """Give all that it said, once it has ended."""
        self.output += self.process.communicate(timeout=DEADLINE_SECONDS)[0]
        return self.output


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Callable[..., Launcher]]:
    started: list[Launcher] = []

    def start(*options: str, ports: Ports | None = None) -> Launcher:
        started.append(Launcher(tmp_path / "var", ports or free_ports(), *options))
        return started[-1]

    yield start
    for launcher in started:
        launcher.process.kill()
        launcher.process.wait()
        launcher.process.stdout.close()


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_ends_cleanly_and_leaves_nothing_behind(launch: Callable[..., Launcher], number: signal.Signals) -> None:
    launcher = launch()
    launcher.wait_until_it_runs()
    assert len(leftovers(launcher.folder)) == 3  # The stand-in, gunicorn and its worker.

    launcher.process.send_signal(number)
    output = launcher.rest()

    assert launcher.process.returncode == 0
    assert f"Ended on {number.name}; nothing runs any more." in output
    assert "Traceback" not in output
    assert leftovers(launcher.folder) == []
    assert not (launcher.folder / "stack.json").exists()


def test_kill_9_of_the_launcher_leaves_nothing_and_it_starts_again(launch: Callable[..., Launcher]) -> None:
    launcher = launch()
    launcher.wait_until_it_runs()

    launcher.process.kill()
    launcher.process.wait()
    again = launch(ports=launcher.ports)  # It waits for what is still ending, then takes the same ports.
    again.wait_until_it_runs()
    assert len(leftovers(launcher.folder)) == 3
    again.process.kill()
    again.process.wait()

    wait_for(lambda: leftovers(launcher.folder) == [])


def test_it_ends_with_the_process_that_called_it(tmp_path: Path) -> None:
    folder = tmp_path / "var"
    caller = (
        "import subprocess, sys\n"
        "launcher = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE)\n"
        "while b'Ctrl-C ends all' not in launcher.stdout.readline(): pass\n"
        "print('runs', flush=True)\n"
        "launcher.wait()\n"
    )
    ports = {Ports.variable(name): str(number) for name, number in dataclasses.asdict(free_ports()).items()}
    with subprocess.Popen(
        [
            sys.executable,
            "-c",
            caller,
            sys.executable,
            "-c",
            LAUNCHER,
            "run",
            "--end-with-parent",
            f"--folder={folder}",
        ],
        env={**os.environ, **ports},
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout.readline() == b"runs\n"
        assert leftovers(folder) != []
        process.kill()

    wait_for(lambda: leftovers(folder) == [])


def test_it_tells_what_runs_where_to_people_and_scripts(launch: Callable[..., Launcher]) -> None:
    launcher = launch()
    launcher.wait_until_it_runs()

    path = launcher.folder / "stack.json"
    document = json.loads(path.read_text())
    assert path.stat().st_mode & 0o777 == 0o600
    assert document["pid"] == launcher.process.pid
    assert document["auth_url"] == f"http://127.0.0.1:{launcher.ports.auth}"
    assert document["smtp"] == {"host": "127.0.0.1", "port": launcher.ports.smtp}
    for told in (document["pos_url"], document["mails_url"], document["operator"]["password"], "Open Manage License"):
        assert told in launcher.output
    assert f"{document['license_url']}/docs" in launcher.output
    assert document["clients"]["scripts"]["client_secret"] not in launcher.output


def test_the_environment_files_stay_with_the_state(launch: Callable[..., Launcher]) -> None:
    launcher = launch()
    launcher.wait_until_it_runs()
    launcher.process.terminate()
    launcher.rest()

    files = {f"{service}.env" for service in ("auth", "license", "update", "notify", "pos")}
    assert {path.name for path in launcher.folder.glob("*.env")} == files


def test_a_second_one_in_the_same_folder_is_refused(launch: Callable[..., Launcher]) -> None:
    first = launch()
    first.wait_until_it_runs()

    second = launch()

    assert f"A local stack runs already in {first.folder} (process {first.process.pid})" in second.rest()
    assert "--folder OTHER, with other TILLPASS_*_PORT" in second.output
    assert "Starting" not in second.output
    assert second.process.returncode == 1
    assert (first.folder / "stack.json").exists()


def test_taken_ports_are_told_before_anything_starts(launch: Callable[..., Launcher]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        number = server.getsockname()[1]
        launcher = launch(ports=dataclasses.replace(free_ports(), auth=number))
        output = launcher.rest()

    assert f"Port {number}, for auth_service, is taken by process {os.getpid()}" in output
    assert "TILLPASS_AUTH_PORT" in output
    assert launcher.process.returncode == 1
    assert "ready" not in output
    assert "Starting" not in output
    assert "Traceback" not in output


def test_a_reader_that_goes_away_does_not_break_the_end(launch: Callable[..., Launcher]) -> None:
    launcher = launch()
    launcher.wait_until_it_runs()

    launcher.process.stdout.close()
    launcher.process.terminate()

    assert launcher.process.wait(DEADLINE_SECONDS) == 0
    assert leftovers(launcher.folder) == []


def test_the_launcher_loads_nothing_heavy() -> None:
    code = "import sys, deploy.local_stack.__main__; print([n for n in sys.modules if n.partition('.')[0] in sys.argv])"
    heavy = ["flask", "sqlalchemy", "celery", "redis", "marshmallow", "jwt", "cryptography", "urllib3"]

    answer = subprocess.run(
        [sys.executable, "-c", code, *heavy], cwd=REPOSITORY, capture_output=True, check=True, text=True
    )

    assert answer.stdout.strip() == "[]"
