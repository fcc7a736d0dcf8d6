"""Are the ports free? If not: which, for which part, held by whom, and which variable changes it. All at once."""

from __future__ import annotations

import errno
import socket
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.local_stack.errors import PortsTakenError
from deploy.local_stack.settings import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@dataclass(frozen=True, slots=True)
class WantedPort:
    """A port, the part that will listen there, and the variable that changes it."""

    number: int
    part: str
    variable: str


def check_ports(wanted: Iterable[WantedPort]) -> None:
    """Raise PortsTakenError, naming every port that cannot be had."""
    faults = [fault for port in wanted if (fault := _fault_of(port))]
    if faults:
        raise PortsTakenError("\n".join([*faults, "Nothing was started."]))


def _fault_of(port: WantedPort) -> str:
    with socket.socket() as probe:
        # As servers do: a port whose last connections are still closing is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port.number))
        except OSError as fault:
            reason = f"is taken by {holder_of(port.number)}" if fault.errno == errno.EADDRINUSE else f"fails: {fault}"
            return f"Port {port.number}, for {port.part}, {reason}. Set {port.variable} to use another port."
    return ""


def holder_of(number: int) -> str:
    """Say who holds a TCP port, as far as this user may see (Linux's /proc)."""
    inodes = set(_socket_inodes(number))
    for process in Path("/proc").glob("[0-9]*"):
        if inodes and _holds(process, inodes):
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
            return f"process {process.name} ({textwrap.shorten(command, 120, placeholder=' …')})"
    return "a process that cannot be seen from here"


def _socket_inodes(number: int) -> Iterator[str]:
    # proc(5): local_address is HEXADDRESS:HEXPORT, the tenth column is the socket's inode, 0 when nobody holds it.
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        for line in table.read_text().splitlines()[1:] if table.exists() else ():
            columns = line.split()
            if int(columns[1].rpartition(":")[2], 16) == number and columns[9] != "0":
                yield f"socket:[{columns[9]}]"


def _holds(process: Path, inodes: set[str]) -> bool:
    try:
        return any(str(link.readlink()) in inodes for link in (process / "fd").iterdir())
    except OSError:  # It ended meanwhile, or is another user's.
        return False
