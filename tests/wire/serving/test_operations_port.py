"""The second port, for those who run the service: on a real gunicorn, and against what a stranger may write."""

from __future__ import annotations

import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask
from werkzeug.test import Client

from wire.serving.operations_port import on_operations_port, refuse_named_hosts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SERVICE = """
from flask import Flask
from wire.serving.operations_port import on_operations_port

public, operations = Flask("public"), Flask("operations")
public.add_url_rule("/", "who", lambda: "public")
operations.add_url_rule("/", "who", lambda: "operations")
app = on_operations_port(public, operations, {port})
"""


def saying(word: str) -> Flask:
    app = Flask(word)
    app.add_url_rule("/", "who", lambda: word)
    return app


def answered(port: int | None, **environ: Any) -> str:
    application = on_operations_port(saying("public"), saying("operations"), port)
    return Client(application).get("/", environ_overrides={"REMOTE_ADDR": "127.0.0.1", **environ}).text


def test_the_port_that_a_connection_came_to_decides() -> None:
    assert answered(8013, SERVER_PORT="8013") == "operations"
    assert answered(8013, SERVER_PORT="8003") == "public"


def test_without_a_port_of_its_own_it_is_nowhere() -> None:
    assert answered(None, SERVER_PORT="8013") == "public"


def test_nobody_comes_to_it_by_a_unix_socket() -> None:
    """There the Host header would say the port."""
    assert answered(8013, SERVER_PORT="8013", REMOTE_ADDR="") == "public"


@pytest.mark.parametrize("host", ["127.0.0.1:8013", "localhost", "[::1]:8013", "10.1.2.3:8013"])
def test_addresses_are_answered(host: str) -> None:
    app = saying("operations")
    refuse_named_hosts(app)

    assert app.test_client().get("/", headers={"Host": host}).text == "operations"


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8013", "", "[x", "1"]
)
def test_names_are_refused(host: str) -> None:
    """T40: a page elsewhere that has pointed its own name here."""
    app = saying("operations")
    refuse_named_hosts(app)

    assert app.test_client().get("/", headers={"Host": host}).status_code == 400


# --- on gunicorn -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def listening(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, int, Path]]:
    """Give the public port, the other one, and a Unix socket, all of one process."""
    folder = tmp_path_factory.mktemp("gunicorn")
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        public, operations = one.getsockname()[1], other.getsockname()[1]
    (folder / "small.py").write_text(SERVICE.format(port=operations))
    addresses = (f"127.0.0.1:{public}", f"127.0.0.1:{operations}", f"unix:{folder / 'socket'}")
    command = [sys.executable, "-m", "gunicorn", "--no-control-socket", *(f"--bind={one}" for one in addresses)]
    with subprocess.Popen([*command, "small:app"], cwd=folder, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        while "Booting worker" not in (line := process.stderr.readline()):
            assert line, "gunicorn ended"
        yield public, operations, folder / "socket"
        process.terminate()
        process.stderr.read()


def asked(address: tuple[str, int] | str, *headers: str) -> str:
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    with socket.socket(family) as connection:
        connection.settimeout(20)
        connection.connect(address)
        connection.sendall("\r\n".join(["GET / HTTP/1.1", "Connection: close", *headers, "", ""]).encode())
        return b"".join(iter(lambda: connection.recv(4096), b"")).decode().splitlines()[-1]


def test_no_header_leads_from_the_public_port_to_the_other(listening: tuple[int, int, Path]) -> None:
    """T40."""
    public, operations, path = listening
    forged = (f"Host: 127.0.0.1:{operations}", f"X-Forwarded-Port: {operations}", f"Server-Port: {operations}")

    assert asked(("127.0.0.1", operations), "Host: 127.0.0.1") == "operations"
    assert asked(("127.0.0.1", public), *forged) == "public"
    assert asked(str(path), *forged) == "public"
