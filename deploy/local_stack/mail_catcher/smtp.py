"""Take every mail that arrives on loopback, until SIGTERM or SIGINT."""

from __future__ import annotations

import asyncio
import signal
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from aiosmtpd.smtp import SMTP

from deploy.local_stack.mail_catcher.caught_mails import CaughtMails

if TYPE_CHECKING:
    from pathlib import Path

    from aiosmtpd.smtp import Envelope, Session


class Catcher:
    """aiosmtpd's handler: keeps what comes."""

    def __init__(self, mails: CaughtMails) -> None:
        self._mails = mails

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Keep one mail before saying that it is taken."""
        content, sender = envelope.original_content or b"", envelope.mail_from or ""
        self._mails.keep(content, sender=sender, recipients=envelope.rcpt_tos, at=datetime.now(UTC))
        return "250 Caught"


async def catch_mails(port: int, folder: Path) -> None:
    """Listen on loopback. Raises OSError when the port cannot be had."""
    loop = asyncio.get_running_loop()
    told_to_end = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told_to_end.set)
    catcher = Catcher(CaughtMails(folder))
    server = await loop.create_server(
        lambda: SMTP(catcher, hostname="localhost", enable_SMTPUTF8=True, loop=loop), "127.0.0.1", port
    )
    print(f"mail catcher: listening on 127.0.0.1:{port}, keeping mails in {folder}", flush=True)
    try:
        await told_to_end.wait()
    finally:
        # Not waited for: a client that stays connected must not keep us from ending.
        server.close()
    print("mail catcher: ended", flush=True)
