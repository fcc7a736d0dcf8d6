"""`python -m tests.faults.mail.recording_server`: a real SMTP server that notes every mail it has, and then goes wrong.

What goes wrong stands in the recipient's name before the first dot, so that all of it can happen at once:

- `slow-90`  has the mail, and says so 90 seconds later (F34)
- `dying`    has the mail, kills the client and says nothing (F09, F10)
- `dies`     says that it has the mail, and kills the client at that moment (F11)
- `drop`     has the mail and breaks the line (F37)
- `grey`     451 for the recipient (F35)
- `refused`  550 for the recipient, always (F36)
- all else   taken, after a moment

All but the first and `refused` do so once for a recipient. What is wrong with everybody stands in the file
`orders.json` of its folder: `at_sender`, the answer to every MAIL command; `reply_seconds`, how late each answer comes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import time
from contextlib import suppress
from email import message_from_bytes
from hashlib import sha256
from pathlib import Path
from typing import Any

import psutil
from aiosmtpd.smtp import SMTP

TAKEN = "250 taken"


class Recorder:
    """aiosmtpd's handler; a line of `mails.jsonl` for each copy that a server would have brought to its reader."""

    def __init__(self, folder: Path, pause_seconds: float) -> None:
        self._orders = folder / "orders.json"
        self._pause_seconds = pause_seconds
        self._record = os.open(folder / "mails.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._went_wrong: set[str] = set()

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:  # noqa: N802 - aiosmtpd's name
        orders = self._read_orders()
        await asyncio.sleep(orders.get("reply_seconds", 0))
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return str(orders.get("at_sender", "250 OK"))

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:  # noqa: N802 - aiosmtpd's name
        await asyncio.sleep(self._read_orders().get("reply_seconds", 0))
        if address.startswith("refused."):
            return "550 5.1.1 there is nobody of that name"
        if address.startswith("grey.") and self._is_first(address):
            return "451 4.7.1 come back later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        recipient = envelope.rcpt_tos[0]
        fault, _, seconds = recipient.partition(".")[0].partition("-")
        if fault in {"dying", "dies", "drop"} and self._is_first(recipient):
            await self._fail(fault, server, session, envelope)
            return TAKEN
        if fault == "slow":
            self._note(envelope)
        await asyncio.sleep(float(seconds) if fault == "slow" else self._pause_seconds)
        if fault != "slow":
            self._note(envelope)
        await asyncio.sleep(self._read_orders().get("reply_seconds", 0))
        return TAKEN

    async def _fail(self, fault: str, server: Any, session: Any, envelope: Any) -> None:
        client = None if fault == "drop" else _process_behind(session.peer[1])
        self._note(envelope, killed=client)
        if fault == "dies":
            await server.push(TAKEN)
        if client is not None:
            os.kill(client, signal.SIGKILL)
        server.transport.abort()

    def _note(self, envelope: Any, killed: int | None = None) -> None:
        note = {
            "at": time.time(),
            "recipient": envelope.rcpt_tos[0],
            "message_id": message_from_bytes(envelope.content)["Message-ID"],
            "digest": sha256(envelope.content).hexdigest(),
            "killed": killed,
        }
        # One write, so that a line is whole or not there when this process is killed.
        os.write(self._record, f"{json.dumps(note)}\n".encode())

    def _is_first(self, recipient: str) -> bool:
        is_first = recipient not in self._went_wrong
        self._went_wrong.add(recipient)
        return is_first

    def _read_orders(self) -> dict[str, Any]:
        try:
            orders: dict[str, Any] = json.loads(self._orders.read_text())
        except FileNotFoundError:
            return {}
        return orders


def _process_behind(port: int) -> int | None:
    for connection in psutil.net_connections("tcp4"):
        if connection.laddr and connection.laddr.port == port and connection.pid not in {None, os.getpid()}:
            return connection.pid
    return None


async def serve(port: int, recorder: Recorder) -> None:
    loop = asyncio.get_running_loop()
    told_to_end = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, told_to_end.set)
    server = await loop.create_server(lambda: SMTP(recorder, hostname="localhost", loop=loop), "127.0.0.1", port)
    await told_to_end.wait()
    server.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--pause", type=float, default=0.03, help="how long a mail takes, in seconds")
    chosen = parser.parse_args()
    with suppress(KeyboardInterrupt):
        asyncio.run(serve(chosen.port, Recorder(chosen.folder, chosen.pause)))
