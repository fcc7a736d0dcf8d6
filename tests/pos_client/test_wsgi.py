"""The real process: gunicorn serves the page, the refresh runs beside it, and a stop is clean."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.doubles.raw_http import exchange

if TYPE_CHECKING:
    from tests.pos_client.issuer_simulator import IssuerSimulator


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_gunicorn_serves_the_page_and_ends_cleanly(simulator: IssuerSimulator, tmp_path: Path, port: int) -> None:
    environ = {
        **os.environ,
        "POS_ISSUER": simulator.issuer,
        "POS_STATE_FOLDER": str(tmp_path / "state"),
        "POS_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    process = subprocess.Popen(
        [sys.executable, "-c", "from pos_client.cli import main; main()", "serve"],
        env=environ,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        page = _get_when_ready(f"http://127.0.0.1:{port}/manage-license", process)
        answers = [_sent(port, request) for request in HOSTILE]
    finally:
        process.terminate()
        _, log = process.communicate(timeout=20)

    assert "Acquiring a License" in page
    assert process.returncode == 0
    assert "Traceback" not in log
    assert [answer.split(b" ")[1] for answer in answers] == [b"200", b"200", b"400", b"400"]


HOSTILE = (
    # What only a trusted proxy may say, and nobody is one here.
    b"GET /manage-license HTTP/1.1\r\nSCRIPT_NAME: /zzz\r\n",
    b"GET /manage-license HTTP/1.1\r\nX-Forwarded-Proto: nonsense\r\n",
    b"POST /manage-license/next HTTP/1.1\r\nTransfer-Encoding: chunked\r\n",
    b"POST /manage-license/next HTTP/1.1\r\nContent-Length: 100\r\n",
)


def _sent(port: int, head: bytes) -> bytes:
    host = f"Host: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode()
    return exchange(port, head + host + (b"zz\r\n\r\n" if head.startswith(b"POST") else b""))


def _get_when_ready(url: str, process: subprocess.Popen[str]) -> str:
    deadline = time.monotonic() + 20
    while True:
        assert process.poll() is None
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return answer.read().decode()
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.05)  # another process: there is nothing of ours to wait on
