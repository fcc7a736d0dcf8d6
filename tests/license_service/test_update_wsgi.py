"""The update service as a real process under gunicorn, with nothing set but its folder (S1-13)."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        command = [sys.executable, "-m", "gunicorn", f"--config={ROOT / 'deploy' / 'gunicorn.conf.py'}"]
        command += [f"--bind=fd://{listening.fileno()}", "--log-level=error", "license_service.update_wsgi:app"]
        process = subprocess.Popen(
            command,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "LICENSE_UPDATE_FOLDER": str(tmp_path)},
            pass_fds=[listening.fileno()],
            stderr=subprocess.DEVNULL,
        )
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/update-manifest"
        finally:
            process.terminate()
            assert process.wait(timeout=60) == 0


def test_it_serves_what_lies_in_its_folder(url: str, tmp_path: Path) -> None:
    assert requests.get(url, timeout=60).status_code == 404
    (tmp_path / "update-manifest.jwt").write_text("header.payload.signature")
    first = requests.get(url, timeout=60)
    assert first.text == "header.payload.signature"
    again = requests.get(url, headers={"If-None-Match": first.headers["ETag"]}, timeout=60)

    assert (again.status_code, again.content) == (304, b"")
    assert requests.head(url, timeout=60).headers["Content-Length"] == str(len(first.content))
    assert requests.post(url, data=b"x", timeout=60).status_code == 405
