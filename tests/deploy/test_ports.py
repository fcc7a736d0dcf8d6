"""Ports that are taken: which, for which part, by whom, and what to set."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys

import pytest

from deploy.local_stack.errors import PortsTakenError, SettingsError
from deploy.local_stack.ports import WantedPort, check_ports, holder_of
from deploy.local_stack.settings import Ports, free_ports, load_settings


@pytest.fixture
def listening() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_every_taken_port_is_told_with_its_part_its_holder_and_its_variable(listening: int) -> None:
    with socket.create_server(("0.0.0.0", 0)) as other:
        wanted = [
            WantedPort(listening, "auth_service", "TILLPASS_AUTH_PORT"),
            WantedPort(free_ports().pos, "the demo POS server", "TILLPASS_POS_PORT"),
            WantedPort(other.getsockname()[1], "valkey", "TILLPASS_REDIS_PORT"),
        ]
        with pytest.raises(PortsTakenError) as raised:
            check_ports(wanted)

    auth, valkey, nothing = str(raised.value).splitlines()
    assert auth.startswith(f"Port {listening}, for auth_service, is taken by process {os.getpid()} (")
    assert "python" in auth
    assert auth.endswith("Set TILLPASS_AUTH_PORT to use another port.")
    assert valkey.endswith("Set TILLPASS_REDIS_PORT to use another port.")
    assert nothing == "Nothing was started."


def test_a_long_command_line_is_cut_between_words() -> None:
    code = (
        "import socket, sys; s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1], flush=True); input()"
    )
    command = [sys.executable, "-I", "-c", code, *["argument"] * 20]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        told = holder_of(int(other.stdout.readline()))
        other.kill()

    assert told.startswith(f"process {other.pid} ({sys.executable} ")
    assert len(told) < 150
    assert told.endswith(" …)")
    assert set(re.findall(r"\barg\w*", told)) <= {"argument"}


def test_a_port_whose_last_connection_still_closes_is_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        accepted, _ = server.accept()
        accepted.close()  # The server's side closes first, so its port stays in TIME_WAIT.
        assert client.recv(1) == b""
        number = server.getsockname()[1]

    check_ports([WantedPort(number, "auth_service", "TILLPASS_AUTH_PORT")])


def test_free_ports_differ_and_are_free() -> None:
    ports = free_ports()
    numbers = [ports.auth, ports.license, ports.notify, ports.pos, ports.update, ports.smtp, ports.redis]

    check_ports([WantedPort(number, "part", "VARIABLE") for number in numbers])
    assert len(set(numbers)) == 7


def test_variables_choose_the_ports() -> None:
    settings = load_settings({"TILLPASS_AUTH_PORT": "9001", "TILLPASS_REDIS_PORT": ""})

    assert settings.ports == Ports(auth=9001)


def test_all_faults_of_the_variables_are_told_at_once() -> None:
    environ = {
        "TILLPASS_AUTH_PORT": "eighty",
        "TILLPASS_LICENSE_PORT": "65536",
        "TILLPASS_SMTP_PORT": "²",
        "TILLPASS_NOTIFY_PORT": "8004",
    }

    with pytest.raises(SettingsError) as raised:
        load_settings(environ)

    assert str(raised.value).splitlines() == [
        "TILLPASS_AUTH_PORT must be a port number from 1 to 65535.",
        "TILLPASS_LICENSE_PORT must be a port number from 1 to 65535.",
        "TILLPASS_POS_PORT and TILLPASS_NOTIFY_PORT both say 8004; give each a port of its own.",
        "TILLPASS_SMTP_PORT must be a port number from 1 to 65535.",
    ]
