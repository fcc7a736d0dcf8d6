"""`python -m tests.bench.mail_sink PORT FILE`: a real SMTP server that takes every mail at once and keeps the first."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP


class Sink:
    """aiosmtpd's handler."""

    def __init__(self, kept: Path) -> None:
        self._kept = kept

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        if not self._kept.exists():
            self._kept.write_bytes(envelope.content)
        return "250 taken"


async def serve(port: int, kept: Path) -> None:
    loop = asyncio.get_running_loop()
    await loop.create_server(lambda: SMTP(Sink(kept), hostname="localhost", loop=loop), "127.0.0.1", port)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2])))
