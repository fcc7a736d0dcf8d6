"""A private Postfix with postgrey before it, which hands what it takes to a mail server that records."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Final

from deploy.local_stack.settings import REPOSITORY, free_ports

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

POSTFIX: Final = Path("/usr/sbin/postfix")
POSTGREY: Final = Path("/usr/sbin/postgrey")
TRIES: Final = 500

MAIN: Final = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/postfix.log
maillog_file_prefixes = {folder}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mail.grey.example
mydestination =
relay_domains = grey.example
transport_maps =
local_recipient_maps =
alias_maps =
relay_transport = smtp:[127.0.0.1]:{recorder}
smtpd_recipient_restrictions = reject_unauth_destination, check_policy_service inet:127.0.0.1:{postgrey}
smtpd_relay_restrictions = reject_unauth_destination
"""

MASTER: Final = """\
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
tlsmgr unix - - n 1000? 1 tlsmgr
proxymap unix - - n - - proxymap
postlog unix-dgram n - n - 1 postlogd
"""


def missing() -> str:
    """Say what it lacks here, or nothing."""
    if os.geteuid() != 0:
        return "Postfix is started by root"
    absent = [path.name for path in (POSTFIX, POSTGREY) if not path.exists()]
    return f"not installed here: {', '.join(absent)}; on Debian: apt-get install {' '.join(absent)}" if absent else ""


@contextmanager
def running_postfix(folder: Path, *, delay_seconds: int) -> Iterator[int]:
    """Give the port of a Postfix that greylists; what it delivers stands in `mails.jsonl` of the folder."""
    ports = free_ports()
    values = {"folder": folder, "port": ports.smtp, "postgrey": ports.auth, "recorder": ports.notify}
    for name in ("queue", "data", "grey"):
        (folder / name).mkdir()
    # It gives up root for its own user, who must get through to here.
    for parent in (folder, *folder.parents[:3]):
        parent.chmod(parent.stat().st_mode | 0o011)
    shutil.chown(folder / "data", "postfix")
    (folder / "main.cf").write_text(MAIN.format(**values))
    (folder / "master.cf").write_text(MASTER.format(**values))
    grey = [f"--inet=127.0.0.1:{ports.auth}", f"--dbdir={folder / 'grey'}", f"--delay={delay_seconds}"]
    recorder = ["-m", "tests.faults.mail.recording_server", f"--port={ports.notify}", f"--folder={folder}"]
    commands: list[Sequence[str]] = [
        [sys.executable, *recorder],
        [str(POSTGREY), *grey, "--user=root", "--group=root", f"--pidfile={folder / 'grey.pid'}"],
    ]
    started, quiet = [], subprocess.DEVNULL
    try:
        for command, port in zip(commands, (ports.notify, ports.auth), strict=True):
            started.append(
                subprocess.Popen(command, cwd=REPOSITORY, stdout=quiet, stderr=quiet, start_new_session=True)
            )
            _wait_for(port)
        # It makes what is missing in its queue, and goes into the background.
        for step in ("check", "start"):
            subprocess.run([POSTFIX, "-c", folder, step], check=True)
        _wait_for(ports.smtp)
        yield ports.smtp
    finally:
        subprocess.run([POSTFIX, "-c", folder, "abort"], check=False)
        for process in reversed(started):
            process.kill()
            process.wait()


def _wait_for(port: int) -> None:
    pause = Event()
    for _ in range(TRIES):
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                return
        pause.wait(0.02)
    raise RuntimeError(f"nothing listens on port {port}")
