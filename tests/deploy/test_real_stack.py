"""`make run` and `make demo` with the real services: what only the whole of it can show."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from deploy.local_stack.demo import Story
from deploy.local_stack.errors import StoryFailedError
from deploy.local_stack.leftovers import leftovers
from deploy.local_stack.settings import REPOSITORY, Ports, free_ports

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DEADLINE_SECONDS = 120
COMMAND = [sys.executable, "-m", "deploy.local_stack"]


def wait_until_gone(folder: Path) -> None:
    deadline = time.monotonic() + 20
    while leftovers(folder):
        assert time.monotonic() < deadline, leftovers(folder)
        time.sleep(0.05)


@contextmanager
def running(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, Any]]]:
    """Start the launcher and give it with its document, once that is there."""
    ports = {Ports.variable(name): str(number) for name, number in dataclasses.asdict(free_ports()).items()}
    document = folder / "stack.json"
    with subprocess.Popen(
        [*COMMAND, "run", f"--folder={folder}"], env={**os.environ, **ports}, cwd=REPOSITORY, stdout=subprocess.DEVNULL
    ) as launcher:
        try:
            deadline = time.monotonic() + DEADLINE_SECONDS
            while not document.exists():
                assert launcher.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.05)
            yield launcher, json.loads(document.read_text())
        finally:
            launcher.kill()


def test_kill_9_leaves_nothing_running_and_the_next_start_finds_its_state(tmp_path: Path) -> None:
    folder = tmp_path / "a folder & more"
    with running(folder) as (launcher, first):
        assert len(leftovers(folder)) >= 15  # Ten parts, five of them with a gunicorn worker.
        launcher.kill()
        launcher.wait()
        (folder / "stack.json").unlink()
        wait_until_gone(folder)

    with running(folder) as (launcher, second):
        for kept in ("organization", "devices", "operator", "clients"):
            assert second[kept] == first[kept]
        launcher.terminate()
        assert launcher.wait(30) == 0
        assert leftovers(folder) == []

    assert [path for path in (folder).rglob("*") if path.stat().st_mode & 0o077] == []


def demo(temporary: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, "demo"],
        env={**os.environ, "TMPDIR": str(temporary), **environment},
        cwd=REPOSITORY,
        capture_output=True,
        check=False,
        text=True,
        timeout=DEADLINE_SECONDS,
    )


def test_the_demonstration_ends_with_the_license_table_and_leaves_nothing(tmp_path: Path) -> None:
    """S3-2 … S3-25 as seen from outside."""
    told = demo(tmp_path)

    assert (told.returncode, told.stderr) == (0, "")
    table = {line[2:24].strip(): line[24:] for line in told.stdout.splitlines()}
    assert table["License Status"] == "Licensed"
    assert table["Features"] == "xms"
    assert table["Hub Server Name"] == "Head Office Hub"
    assert table["Hub Server URL"] == "https://hub.demo-bakery.example"
    assert "  The page says         This server is licensed." in told.stdout
    assert table["Token Expiry:"]
    assert table["Subject"] == "Shop 1 POS Server was authorized in Demo Bakery Group"
    assert list(tmp_path.iterdir()) == []


def test_a_demonstration_that_cannot_start_says_why_and_leaves_nothing(tmp_path: Path) -> None:
    told = demo(tmp_path, NOTIFY_SMTP_USERNAME="half of a sign-in")

    assert told.returncode == 1
    assert "ended at its start" in told.stderr
    assert "NOTIFY_SMTP_PASSWORD" in told.stderr
    assert "Traceback" not in told.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_story_that_breaks_off_says_where() -> None:
    said: list[str] = []
    story = Story({"pos_url": "http://127.0.0.1:1"}, said.append, time.sleep)

    with pytest.raises(StoryFailedError, match="failed at 'Manage License of the POS server is opened'"):
        story.play()
