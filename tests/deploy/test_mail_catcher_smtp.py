"""The mail catcher as a process: `python -m deploy.local_stack.mail_catcher`."""

from __future__ import annotations

import signal
import smtplib
import socket
import subprocess
import sys
from contextlib import contextmanager
from email.message import EmailMessage
from typing import TYPE_CHECKING

import pytest

from deploy.local_stack.mail_catcher.caught_mails import CaughtMails

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TIME_LIMIT = 20.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def catcher(folder: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "deploy.local_stack.mail_catcher", f"--port={port}", f"--folder={folder}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def is_listening(process: subprocess.Popen[str]) -> bool:
    assert process.stdout is not None
    return "listening on 127.0.0.1" in process.stdout.readline()


def message(subject: str) -> EmailMessage:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "a@shop.example", "b@shop.example", subject
    made.set_content("Hello\n")
    return made


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_mails_are_kept_with_their_envelope_until_it_is_told_to_end(tmp_path: Path, number: signal.Signals) -> None:
    port = free_port()
    with catcher(tmp_path / "mail", port) as process:
        assert is_listening(process)
        with smtplib.SMTP("127.0.0.1", port, local_hostname="localhost") as client:
            client.send_message(message("one"))
            client.send_message(message("two"), from_addr="bounce@shop.example", to_addrs=["c@shop.example"])
            # A client that stays connected must not keep it from ending.
            process.send_signal(number)
            assert process.wait(TIME_LIMIT) == 0

    two, one = CaughtMails(tmp_path / "mail").newest_first()
    assert (one.subject, one.text) == ("one", "Hello\n")
    assert (one.sender, one.recipients) == ("a@shop.example", "b@shop.example")
    assert (two.subject, two.recipients) == ("two", "c@shop.example")
    assert b"X-Envelope-From: bounce@shop.example" in two.source


def test_it_listens_on_loopback_only(tmp_path: Path) -> None:
    port = free_port()
    with catcher(tmp_path, port) as process:
        assert is_listening(process)
        for address in ("127.0.0.2", "::1"):
            with pytest.raises(OSError, match=r"refused|assign"):
                socket.create_connection((address, port), timeout=1).close()


def test_in_production_it_does_not_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TILLPASS_ENVIRONMENT", "production")
    with catcher(tmp_path / "mail", free_port()) as process:
        assert process.wait(TIME_LIMIT) == 1
        assert process.stderr is not None
        assert process.stderr.read().startswith("mail catcher: The mail catcher does not run in production")
    assert not (tmp_path / "mail").exists()


def test_a_taken_port_is_told_without_a_trace(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with catcher(tmp_path, port) as process:
            assert process.wait(TIME_LIMIT) == 1
            assert process.stderr is not None
            told = f"mail catcher: cannot start on port {port} with {tmp_path}: Address already in use\n"
            assert process.stderr.read() == told
