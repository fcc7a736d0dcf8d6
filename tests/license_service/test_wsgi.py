"""The real process: gunicorn with two workers, keys fetched over HTTP from an issuer that the test plays."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
import requests

from database.engine import Database
from license_service.actions.list_license_keys import list_license_keys
from license_service.domain.license_key import KeyComponent

if TYPE_CHECKING:
    from collections.abc import Iterator

ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11"
AT_ONCE = 64


@contextmanager
def published(document: object) -> Iterator[str]:
    """Serve a JWK Set on loopback; give the issuer's URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(document).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def gunicorn(environ: dict[str, str]) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Run the service; its socket listens already, so that a first request waits for the workers by itself."""
    with socket.create_server(("127.0.0.1", 0), backlog=256) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        command = [sys.executable, "-m", "gunicorn", "license_service.wsgi:app", "--no-control-socket"]
        command += ["--bind", f"fd://{listening.fileno()}", "--workers", "2", "--threads", "8", "--log-level", "error"]
        process = subprocess.Popen(
            command,
            env={**os.environ, **environ, "LICENSE_PUBLIC_URL": url},
            pass_fds=[listening.fileno()],
            stderr=subprocess.DEVNULL,
        )
        try:
            yield url, process
        finally:
            process.kill()
            process.wait()


@pytest.fixture
def running(sqlite_url: str, issuer: object) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    environ = {"LICENSE_DATABASE_URL": sqlite_url, "LICENSE_KEY_FOLDER": "keys-that-are-not-needed"}
    with (
        published(issuer.jwks()) as issuer_url,
        gunicorn({**environ, "LICENSE_ISSUER": issuer_url}) as (url, process),
    ):
        issuer.url = issuer_url
        yield url, process


def test_the_last_seat_is_given_once_by_two_processes(
    running: tuple[str, subprocess.Popen[bytes]], sqlite_url: str, issuer: object
) -> None:
    """T59, and the whole way: settings, fetched keys, a signed token, two workers, 64 claims at once, TERM."""
    url, process = running
    headers = {"Authorization": f"Bearer {issuer.token(iss=issuer.url)}"}
    signed = {"organization_id": ORGANIZATION, "number": "1", "signed_on": "2026-05-28"}
    agreement = requests.post(f"{url}/v1/agreements", json=signed, headers=headers, timeout=60).json()
    terms = {"profile_code": "standard", "components": [{"component_code": "xms", "seats": 1}]}
    key = {"agreement_id": agreement["id"], "id_number": "1", **terms}
    assert requests.post(f"{url}/v1/license-keys", json=key, headers=headers, timeout=60).status_code == 201
    assert requests.get(f"{url}/readyz", timeout=60).json()["checks"] == {"database": "ok", "keys": "ok"}

    def claim(_: int) -> str:
        answer = requests.put(
            f"{url}/v1/devices/{uuid.uuid4()}/seat",
            json={"organization_id": ORGANIZATION},
            headers=headers,
            timeout=60,
        )
        return str(answer.json().get("code", answer.status_code))

    with ThreadPoolExecutor(AT_ONCE) as threads:
        answers = list(threads.map(claim, range(AT_ONCE)))

    database = Database(sqlite_url)
    assert sorted(answers) == ["200"] + ["no_seat_free"] * (AT_ONCE - 1)
    assert [key.components for key in list_license_keys(database)] == [(KeyComponent("xms", 1, seats_claimed=1),)]
    database.close()
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=60) == 0
